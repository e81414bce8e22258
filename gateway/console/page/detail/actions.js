/** What can be done with a recorded push: send it again, from here or from a shell. */
import { get } from "../api.js";
import { Button } from "../components/button.js";
import { CopyButton } from "../components/copy.js";
import { devices } from "../device_names.js";
import { html, useState } from "../ui.js";
import { useAnswer } from "../use_answer.js";
import { textOf } from "./bytes.js";
import { apnsimSend, curl } from "./commands.js";
import { Resend } from "./resend.js";

export function Actions({ story, record, bytes }) {
  const [isResending, setResending] = useState(false);
  const { data: info } = useAnswer((signal) => get("/info", {}, { signal }), []);
  if (!info || !bytes) return html`<div class="actions" aria-busy="true"></div>`;
  const sent = { ...sentAs(story, record, bytes), environment: environmentOf(story, info) };
  const send = apnsimSend(info, sent);
  return html`<div class="actions">
    ${record.isPush || record.path.startsWith("/3/device/")
      ? html`<${Button} label="Resend" icon="repeat" kind="primary" onClick=${() => setResending(true)} />`
      : null}
    <${CopyButton} label="Copy as curl" text=${curl(info, sent)} />
    ${send && html`<${CopyButton} label="Copy as apnsim send" text=${send} />`}
    <${CopyButton} label="Copy payload" text=${textOf(bytes)} />
    ${isResending && html`<${Resend} story=${story} headers=${sent.headers} bytes=${bytes} onClose=${() => setResending(false)} />`}
  </div>`;
}

/** The request, or what is known of one that an earlier process has taken along. */
function sentAs(story, record, bytes) {
  const { method, path } = record;
  if (story.request) return { method, path, headers: story.request.headers, bytes };
  const known = {
    "apns-topic": story.topic,
    "apns-push-type": story.push_type,
    "apns-priority": story.priority,
    "apns-collapse-id": story.collapse_id,
    "apns-channel-id": story.channel_id,
    "apns-expiration": Math.floor(story.expires_at),
  };
  const headers = Object.entries(known).filter(([, value]) => value !== null);
  return { method, path, headers: headers.map(([name, value]) => [name, String(value)]), bytes };
}

/** Where the device is; for one that is not known, where the first port leads. */
function environmentOf(story, info) {
  const device = devices.value.find(({ id }) => id === story.device);
  return device?.environment ?? Object.keys(info.provider_urls)[0];
}
