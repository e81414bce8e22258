/** What the code of an app has lived through: launches, tokens, handlers, its end. Asked for when looked at. */
import { get } from "../api.js";
import { Problem } from "../components/problem.js";
import { Moment } from "../components/time.js";
import { html, useState } from "../ui.js";
import { useAnswer } from "../use_answer.js";

const SHOWN = 50;

/** @param {{path: string}} props */
export function AppLife({ path }) {
  const [isOpen, setOpen] = useState(false);
  return html`<details class="fold" open=${isOpen} onToggle=${(event) => setOpen(event.currentTarget.open)}>
    <summary>What its code has lived through</summary>
    ${isOpen && html`<${Events} path=${path} />`}
  </details>`;
}

function Events({ path }) {
  const { data, error } = useAnswer((signal) => get(`${path}/events`, {}, { signal }), [path], { everySeconds: 2 });
  const newest = (data ?? []).slice(-SHOWN).reverse();
  return html`<${Problem} error=${error} />
    <ol class="life">
      ${newest.map((each, index) => html`<li key=${`${each.at} ${index}`}>
        <${Moment} at=${each.at} /> <code>${each.what}</code> ${each.detail}
      </li>`)}
    </ol>`;
}
