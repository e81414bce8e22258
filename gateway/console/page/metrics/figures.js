/** Every figure as it is now, with what it means. */
import { html } from "../ui.js";

/** @param {import("./exposition.js").Exposition} props */
export function Figures({ samples, help }) {
  return html`<section class="panel" aria-labelledby="figures-heading">
    <h2 id="figures-heading">Every figure</h2>
    <p class="soft small">For Prometheus at <code>/metrics</code>.</p>
    <div class="table-scroll" tabindex="0" role="region" aria-label="Table of figures">
      <table>
        <thead><tr><th scope="col">Figure</th><th scope="col">Value</th><th scope="col">What it is</th></tr></thead>
        <tbody>
          ${samples.map((each) => {
            const name = each.name + labelWords(each.labels);
            return html`<tr key=${name}><th scope="row" class="mono">${name}</th><td>${each.value}</td><td>${helpOf(help, each.name)}</td></tr>`;
          })}
        </tbody>
      </table>
    </div>
  </section>`;
}

/** Of a histogram the family bears the help. */
const helpOf = (help, name) => help[name] ?? help[name.replace(/_(bucket|sum|count)$/, "")] ?? "";

function labelWords(labels) {
  const words = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
  return words.length ? `{${words.join(", ")}}` : "";
}
