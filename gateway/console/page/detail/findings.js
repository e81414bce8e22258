/** What the linter has to say: would Apple refuse it, would a person see it as it was meant? */
import { Badge } from "../components/badge.js";
import { html } from "../ui.js";

const KINDS = { error: "bad", warning: "wait" };

export function Findings({ findings }) {
  return html`<section class="part" aria-labelledby="findings">
    <h3 id="findings">Linter</h3>
    ${findings.length === 0 && html`<p class="soft">Nothing to complain about.</p>`}
    <ul class="findings">
      ${findings.map(
        ({ rule, level, where, what, advice, source }, index) => html`<li key=${index} class=${KINDS[level] ?? ""}>
          <p><${Badge} kind=${KINDS[level]}>${level}<//> <code class="soft">${rule}</code></p>
          <p>${where && html`<code>${where}</code> `}${what}</p>
          ${advice && html`<p>To do: ${advice}${advice.endsWith("?") ? "" : "."}</p>`}
          ${source && html`<p class="soft small"><${Source} text=${source} /></p>`}
        </li>`,
      )}
    </ul>
  </section>`;
}

/** Apple's page for it, mostly. */
function Source({ text }) {
  const [address] = /https:\/\/\S+/.exec(text) ?? [];
  if (!address) return text;
  const [before, after] = text.split(address, 2);
  return html`${before}<a href=${address} rel="noreferrer" target="_blank">${address.replace(/^https:..(www\.)?/, "")}</a>${after}`;
}
