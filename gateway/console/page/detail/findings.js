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
          <p><${Badge} kind=${KINDS[level]}>${level}<//> <code>${rule}</code>${where && html` <span class="soft">in <code>${where}</code></span>`}</p>
          <p>${what}</p>
          ${advice && html`<p><strong>${advice}</strong></p>`}
          ${source && html`<p class="soft small">Source: ${source}</p>`}
        </li>`,
      )}
    </ul>
  </section>`;
}
