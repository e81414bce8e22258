/** The journal as a file, or what a search found in it. */
import { Button } from "../components/button.js";
import { Choices } from "../components/choices.js";
import { Dialog } from "../components/dialog.js";
import { saveAnswer } from "../components/save.js";
import { attempt } from "../components/toast.js";
import { html, useState } from "../ui.js";

const FORMATS = [
  {
    format: "har",
    words: "HTTP archive (HAR)",
    hint: "for browsers' developer tools, Charles, Insomnia",
    only(text, isFound) {
      const archive = JSON.parse(text);
      archive.log.entries = archive.log.entries.filter(({ _apnsim }) => isFound(_apnsim));
      return JSON.stringify(archive);
    },
  },
  {
    format: "jsonl",
    words: "JSON lines",
    hint: "one push a line, for programs",
    only: (text, isFound) => text.split(/(?<=\n)/).filter((line) => isFound(JSON.parse(line))).join(""),
  },
];

/**
 * @param {object} props
 * @param {import("../record.js").JournalRecord[] | null} props.found by the search; null: nothing is searched for
 */
export function ExportMenu({ found }) {
  const [isOpen, setOpen] = useState(false);
  const [which, setWhich] = useState("found");
  const close = () => setOpen(false);
  const only = which === "found" ? found : null;
  return html`
    <${Button} label="Export" icon="download" iconOnly kind="plain" onClick=${() => setOpen(true)} />
    ${isOpen &&
    html`<${Dialog} title="Export" onClose=${close}>
      ${found &&
      html`<${Choices}
        label="What"
        options=${[
          ["found", `What the search found (${found.length.toLocaleString("en")})`],
          ["all", "Everything"],
        ]}
        value=${which}
        choose=${setWhich}
      />`}
      <ul class="choices">
        ${FORMATS.map(
          (each) => html`<li key=${each.format}>
            <${Button} label=${each.words} icon="download" onClick=${() => save(each, only)} />
            <span class="soft small">${each.hint}</span>
          </li>`,
        )}
      </ul>
    <//>`}
  `;
}

function save({ format, only }, found) {
  const numbers = new Set(found?.map(({ number }) => number));
  const change = found ? (text) => only(text, ({ number }) => numbers.has(number)) : undefined;
  const file = `apnsim.${format}`;
  return attempt(() => saveAnswer("/export", file, { format }, change), `Saved ${file}.`);
}
