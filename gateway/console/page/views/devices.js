/** `#/devices`: every phone, a page of them at a time; `#/devices/<id>`: one of them. */
import { get } from "../api.js";
import { now } from "../clock.js";
import { Empty } from "../components/empty.js";
import { TextField } from "../components/field.js";
import { Problem } from "../components/problem.js";
import { DeviceCard } from "../devices/card.js";
import { DevicePage } from "../devices/device_page.js";
import { NewDevice } from "../devices/new_device.js";
import { go, href } from "../router.js";
import { html } from "../ui.js";
import { useAnswer } from "../use_answer.js";

/** A thousand phones drawn at once would be of no use to anybody. */
const PER_PAGE = 12;
const ASK_SECONDS = 5;

/** @param {{segments: string[], query: Record<string, string>}} props */
export default function Devices({ segments: [deviceId], query }) {
  if (deviceId) return html`<${DevicePage} key=${deviceId} deviceId=${deviceId} />`;
  return html`<${Grid} query=${query} />`;
}

function Grid({ query }) {
  const { data, error } = useAnswer((signal) => get("/devices", {}, { signal }), [], { everySeconds: ASK_SECONDS });
  const words = (query.q ?? "").toLowerCase();
  const found = (data ?? []).filter((device) => isFound(device, words));
  const pages = Math.max(1, Math.ceil(found.length / PER_PAGE));
  const page = Math.min(pages, Math.max(1, Number(query.page) || 1));
  const shown = found.slice((page - 1) * PER_PAGE, page * PER_PAGE);
  return html`<div class="page">
    <${Problem} error=${error} />
    <${NewDevice} />
    <${TextField} label="Find a phone by name, id, app or token" type="search" value=${query.q ?? ""} set=${search} />
    <p class="soft small" role="status">${data && `${found.length} ${found.length === 1 ? "phone" : "phones"}`}</p>
    ${data?.length === 0 && html`<${Empty} title="There are no phones yet">Add one above, then install an app on it: its token is what your backend pushes to.<//>`}
    <ul class="device-grid">${shown.map((device) => html`<${DeviceCard} key=${device.id} device=${device} now=${now.value} />`)}</ul>
    ${pages > 1 && html`<${Pages} page=${page} pages=${pages} q=${query.q} />`}
  </div>`;
}

const search = (q) => go(href("devices", [], { q }), { replace: true });

function Pages({ page, pages, q }) {
  const to = (number) => href("devices", [], { q, page: number });
  return html`<nav class="pages" aria-label="Pages of phones">
    ${page > 1 ? html`<a class="button" href=${to(page - 1)}>Previous</a>` : html`<span></span>`}
    <span>Page ${page} of ${pages}</span>
    ${page < pages ? html`<a class="button" href=${to(page + 1)}>Next</a>` : html`<span></span>`}
  </nav>`;
}

function isFound(device, words) {
  if (!words) return true;
  const tokens = device.apps.flatMap((app) => [app.bundle_id, ...Object.values(app.tokens)]);
  return [device.name, device.id, ...tokens].some((each) => each.toLowerCase().includes(words));
}
