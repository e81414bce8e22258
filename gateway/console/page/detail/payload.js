/** The payload: pretty for people, and raw as it was received. */
import { CodeBlock } from "../components/code.js";
import { html, useState } from "../ui.js";
import { textOf } from "./bytes.js";

const NAMES = { pretty: "Pretty", raw: "As received" };

export function Payload({ story, bytes }) {
  const [shown, show] = useState("pretty");
  const pretty = story.payload && JSON.stringify(story.payload, null, 2);
  const raw = bytes ? textOf(bytes) : (story.raw_payload ?? "");
  const text = shown === "pretty" && pretty ? pretty : raw;
  return html`<section class="part" aria-labelledby="payload">
    <div class="part-head">
      <h3 id="payload">Payload</h3>
      ${bytes && html`<span class="soft small">${bytes.length.toLocaleString("en")} bytes</span>`}
      ${pretty &&
      html`<div class="tabs" role="group" aria-label="How it is shown">
        ${Object.entries(NAMES).map(
          ([name, label]) => html`<button key=${name} type="button" class="tab" aria-pressed=${shown === name} onClick=${() => show(name)}>${label}</button>`,
        )}
      </div>`}
    </div>
    ${!pretty && raw && html`<p class="soft small">This is no JSON dictionary.</p>`}
    ${text ? html`<${CodeBlock} text=${text} label="Payload as shown" wraps=${text === raw} />` : html`<p class="soft">Empty.</p>`}
  </section>`;
}
