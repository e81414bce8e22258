/** The journal as a file. */
import { Button } from "../components/button.js";
import { Dialog } from "../components/dialog.js";
import { saveAnswer } from "../components/save.js";
import { attempt } from "../components/toast.js";
import { html, useState } from "../ui.js";

const FORMATS = [
  { format: "har", words: "HTTP archive (HAR)", file: "apnsim.har", hint: "for browsers' developer tools, Charles, Insomnia" },
  { format: "jsonl", words: "JSON lines", file: "apnsim.jsonl", hint: "one push a line, for programs" },
];

export function ExportMenu() {
  const [isOpen, setOpen] = useState(false);
  const close = () => setOpen(false);
  return html`
    <${Button} label="Export" icon="download" iconOnly kind="plain" onClick=${() => setOpen(true)} />
    ${isOpen &&
    html`<${Dialog} title="Export everything" onClose=${close}>
      <ul class="choices">
        ${FORMATS.map(
          (each) => html`<li key=${each.format}>
            <${Button} label=${each.words} icon="download" onClick=${() => attempt(() => save(each), `Saved ${each.file}.`)} />
            <span class="soft small">${each.hint}</span>
          </li>`,
        )}
      </ul>
    <//>`}
  `;
}

const save = ({ format, file }) => saveAnswer("/export", file, { format });
