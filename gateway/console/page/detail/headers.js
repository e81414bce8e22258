/** The request as it was received; the gateway has taken the credentials out. */
import { html } from "../ui.js";

export function Headers({ request }) {
  return html`<section class="part" aria-labelledby="headers">
    <h3 id="headers">Request</h3>
    ${request
      ? html`<p class="mono request-line">${request.method} ${request.path}</p>
          <dl class="known mono">
            ${request.headers.map(([name, value], index) => html`<div key=${index}><dt>${name}</dt><dd>${value}</dd></div>`)}
          </dl>`
      : html`<p class="soft">An earlier process of the gateway accepted it, and took the request along.</p>`}
  </section>`;
}
