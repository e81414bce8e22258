/** Push it again, edited if need be; the gateway signs it, and it comes in as any request does. */
import { post, segment } from "../api.js";
import { Button } from "../components/button.js";
import { Dialog } from "../components/dialog.js";
import { TextField } from "../components/field.js";
import { Problem } from "../components/problem.js";
import { toast } from "../components/toast.js";
import { go, href } from "../router.js";
import { html, useState } from "../ui.js";
import { useAct } from "../use_act.js";
import { exactText } from "./bytes.js";

const SHOWN = /^apns-(?!id$|request-id$)/;

export function Resend({ story, headers, bytes, onClose }) {
  const original = exactText(bytes);
  const told = headers.filter(([name]) => SHOWN.test(name));
  const [payload, setPayload] = useState(pretty(story, original));
  const [lines, setLines] = useState(asLines(told));
  const { run, isBusy, error } = useAct();
  const mistake = mistakeIn(lines);

  async function send(event) {
    event.preventDefault();
    if (mistake) return;
    const changes = { headers: changesOf(told, lines) };
    if (original !== null && payload !== pretty(story, original)) changes.raw_payload = payload;
    const answer = await run(() => post(`/notifications/${segment(story.apns_id)}/resend`, changes, { number: story.number }));
    if (!answer) return;
    toast(answer.status === 200 ? "Sent again: 200." : `Sent again, and refused: ${answer.status} ${answer.reason}`);
    onClose();
    if (answer.apns_id) go(href("notifications", [answer.apns_id]));
  }

  return html`<${Dialog} title="Resend" onClose=${onClose} wide>
    <form class="form" onSubmit=${send}>
      <p class="soft">
        It goes out over the real provider port, on a connection of its own, signed with a key of this gateway, under a new
        apns-id. The old one stays as it is.
      </p>
      ${original === null
        ? html`<p class="soft">Its payload is no text; it is sent as it was received.</p>`
        : html`<${TextField} label="Payload" multiline rows="12" value=${payload} set=${setPayload} hint=${hintOn(payload)} />`}
      <${TextField} label="Headers" multiline rows="6" value=${lines} set=${setLines} mistake=${mistake} hint="One a line: name: value. A line that is taken out is not sent." />
      <${Problem} error=${error} />
      <div class="actions end">
        <${Button} label="Cancel" onClick=${onClose} />
        <${Button} label="Resend" type="submit" icon="repeat" kind="primary" disabled=${isBusy} />
      </div>
    </form>
  <//>`;
}

const pretty = (story, original) => (story.payload ? JSON.stringify(story.payload, null, 2) : (original ?? ""));

const asLines = (headers) => headers.map(([name, value]) => `${name}: ${value}`).join("\n");

const read = (lines) => lines.split("\n").filter((line) => line.trim()).map((line) => line.split(/:\s*(.*)/s, 2).map((part) => part.trim()));

function mistakeIn(lines) {
  const wrong = read(lines).find(([name, value]) => !name || value === undefined);
  return wrong ? `"${wrong[0]}" is no header: write name: value` : "";
}

function changesOf(told, lines) {
  const now = Object.fromEntries(read(lines).map(([name, value]) => [name.toLowerCase(), value]));
  const gone = told.filter(([name]) => !(name in now)).map(([name]) => [name, null]);
  const before = Object.fromEntries(told);
  const changed = Object.entries(now).filter(([name, value]) => before[name] !== value);
  return Object.fromEntries([...gone, ...changed]);
}

function hintOn(payload) {
  try {
    JSON.parse(payload);
    return "Unchanged, it is sent byte for byte as it was received.";
  } catch {
    return "This is no JSON; it is sent all the same.";
  }
}
