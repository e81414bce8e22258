/**
 * A list of records with its search, and the one that is open beside it: what the views of
 * notifications and of requests share. On a phone the open one takes the place of the list.
 */
import { Button } from "../components/button.js";
import { Icon } from "../components/icon.js";
import { Windowed } from "../components/windowed.js";
import { Detail } from "../detail/detail.js";
import { isLoading } from "../lists.js";
import { go, href } from "../router.js";
import { SearchField } from "../search/field.js";
import { html, useCallback, useRef, useState } from "../ui.js";
import { Announcer } from "./announcer.js";
import { useCursor } from "./cursor.js";
import { ExportMenu } from "./export.js";
import { useFound } from "./found.js";
import { Nothing } from "./nothing.js";

/**
 * @param {object} props
 * @param {string} props.view the first part of its address
 * @param {string} props.label what is listed
 * @param {Function} props.Cells the cells of a row
 * @param {(record: object) => boolean} props.isOfView
 * @param {string[]} props.segments @param {Record<string, string>} props.query of the address
 */
export function Browser({ view, label, Cells, isOfView, segments, query }) {
  const { q = "", number } = query;
  const [openId] = segments;
  const { records, mistakes } = useFound(q, isOfView);
  const list = useRef(null);
  const [isAway, setAway] = useState(false);
  const addressOf = useCallback((record) => href(view, [record.apnsId], { number: record.number, q }), [view, q]);
  const openNumber = openId ? Number(number) || records.find(({ apnsId }) => apnsId === openId)?.number || null : null;
  const close = useCallback(() => openId && go(href(view, [], { q })), [view, q, openId]);
  const onMove = useCallback((record) => openId && go(addressOf(record), { replace: true }), [openId, addressOf]);
  const cursor = useCursor({ records, open: openNumber, onMove, onEscape: close, list });
  const search = (text) => go(href(view, segments, { number, q: text.trim() }), { replace: true });

  return html`<div class="browser ${openId ? "has-open" : ""}">
    <section class="browser-list" aria-label=${label}>
      <div class="browser-tools">
        <${SearchField} value=${q} onSearch=${search} mistakes=${mistakes} />
        <span class="soft small count">${isLoading.value ? "Reading …" : count(records.length)}</span>
        <${ExportMenu} found=${q ? records : null} />
      </div>
      ${records.length === 0
        ? html`<${Nothing} label=${label} search=${q} isLoading=${isLoading.value} onClear=${() => search("")} />`
        : html`<${Windowed}
            key=${q}
            label=${label}
            items=${records}
            keyOf=${numberOf}
            cursor=${cursor}
            control=${list}
            onAway=${setAway}
            row=${(record) => html`<a
              class="row"
              href=${addressOf(record)}
              data-number=${record.number}
              tabindex=${record.number === cursor || (cursor === null && record === records[0]) ? 0 : -1}
              aria-current=${record.number === openNumber ? "true" : undefined}
            >
              <${Cells} record=${record} />
            </a>`}
          />`}
      <${Announcer} key=${q} records=${records} label=${label} isAway=${isAway} onTop=${() => list.current?.toTop()} />
    </section>
    ${openId &&
    html`<section class="browser-detail" aria-label="Details" tabindex="-1" ref=${takeFocus}>
      <div class="detail-close">
        <${Button} label="Close" icon="close" iconOnly kind="plain" onClick=${close} />
        <a class="button plain back" href=${href(view, [], { q })}><${Icon} name="back" />${label}</a>
      </div>
      <${Detail} key=${`${openId}/${number ?? ""}`} apnsId=${openId} number=${openNumber} view=${view} />
    </section>`}
  </div>`;
}

/** On a phone the list, and the focus with it, are out of sight while one is open. */
function takeFocus(section) {
  const isAlone = section?.previousElementSibling.offsetParent === null;
  if (isAlone && !section.contains(document.activeElement)) section.focus();
}

const numberOf = (record) => record.number;

const count = (length) => (length === 1 ? "1 record" : `${length.toLocaleString("en")} records`);
