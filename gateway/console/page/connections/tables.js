/** Who is connected, as tables: providers that push, and links of devices. */
import { Badge } from "../components/badge.js";
import { relative } from "../components/time.js";
import { deviceName } from "../device_names.js";
import { href } from "../router.js";
import { formatDuration } from "../time/durations.js";
import { html } from "../ui.js";

const PROVIDER_HEADS = ["Name", "From", "Signed in by", "Environment", "Streams", "Requests", "Bytes in / out", "State"];
const COURIER_HEADS = ["Device", "Socket", "Heard", "Keep-alive", "In flight, held", "Sent, acknowledged", "State"];

/** @param {{connections: object[]}} props */
export function Providers({ connections }) {
  return html`<${Table} label="Provider connections" heads=${PROVIDER_HEADS}>
    ${connections.map((each) => html`<tr key=${each.id}>
      <th scope="row">${connectionName(each)}</th>
      <td class="mono">${each.peer}</td>
      <td>${signedIn(each)}</td>
      <td>${each.environment}</td>
      <td>${each.streams_open} of ${each.stream_limit} open</td>
      <td>${each.requests_answered}${each.requests_withdrawn ? `, ${each.requests_withdrawn} withdrawn` : ""}</td>
      <td>${each.bytes_received} / ${each.bytes_sent}</td>
      <td>
        <${Badge} kind=${each.is_draining ? "wait" : "good"}>${each.is_draining ? "draining" : "open"}<//>
        ${each.faults.map((fault) => html` <${Badge} key=${fault} kind="bad">${fault}<//>`)}
      </td>
    </tr>`)}
  <//>`;
}

/** As records call it; rules match its number. @param {{id: number}} connection of a provider */
export const connectionName = ({ id }) => `provider-${id}`;

function signedIn({ authentication, team_id, key_id, topics }) {
  const words = [authentication];
  if (team_id) words.push(`team ${team_id}`);
  if (key_id) words.push(`key ${key_id}`);
  if (topics) words.push(topics.join(", "));
  return words.join(", ");
}

/** @param {{links: object[], now: number}} props */
export function Couriers({ links, now }) {
  return html`<${Table} label="Courier links" heads=${COURIER_HEADS}>
    ${links.map((each) => html`<tr key=${each.number}>
      <th scope="row"><a href=${href("devices", [each.device])}>${deviceName(each.device)}</a>
        <span class="hint">${` ${each.device}, ${each.interface}, ${each.dialect}, ${each.environment}`}</span></th>
      <td class="mono">${each.socket.local} → ${each.socket.remote}</td>
      <td>${relative(each.last_heard, now)}<span class="hint">${`, here for ${formatDuration(Math.max(0, now - each.since))}`}</span></td>
      <td>${each.keep_alive_seconds === null ? "—" : formatDuration(each.keep_alive_seconds)}</td>
      <td>${each.in_flight}, ${each.held}</td>
      <td>${each.sent}, ${each.acknowledged}</td>
      <td>
        <${Badge} kind=${each.is_served ? "good" : "wait"}>${each.is_served ? "served" : "stands by"}<//>
        ${" "}<${Badge}>${each.socket.state}<//>
        ${!each.is_active && html` <${Badge}>asleep<//>`}
      </td>
    </tr>`)}
  <//>`;
}

function Table({ label, heads, children }) {
  return html`<div class="table-scroll" tabindex="0" role="region" aria-label=${label}>
    <table>
      <thead><tr>${heads.map((head) => html`<th scope="col" key=${head}>${head}</th>`)}</tr></thead>
      <tbody>${children}</tbody>
    </table>
  </div>`;
}
