/** One record in a list: as a push, or as an HTTP request. */
import { StateBadge, StatusBadge } from "../components/badge.js";
import { Ago } from "../components/time.js";
import { deviceName } from "../device_names.js";
import { summary } from "../record.js";
import { html } from "../ui.js";

/** @param {{record: import("../record.js").JournalRecord}} props */
export function PushCells({ record }) {
  const to = record.channel ? `channel ${record.channel}` : deviceName(record.device) || shortToken(record.token);
  return html`
    <span class="cell badge-cell">
      <${StateBadge} state=${record.state} />${record.reason && html` <span class="soft why">${record.reason}</span>`}
    </span>
    <span class="cell main-cell">${summary(record) || "(no payload)"}</span>
    <span class="cell mono topic-cell">${record.topic ?? "no topic"}</span>
    <span class="cell to-cell">${to || "nobody"}</span>
    <span class="cell type-cell">${record.reason || record.type || ""}</span>
    <span class="cell time-cell"><${Ago} at=${record.receivedAt} /></span>
  `;
}

/** @param {{record: import("../record.js").JournalRecord}} props */
export function RequestCells({ record }) {
  return html`
    <span class="cell badge-cell"><${StatusBadge} status=${record.status} reason=${record.reason} /></span>
    <span class="cell main-cell mono">${record.method} ${record.path}</span>
    <span class="cell mono topic-cell">${record.topic ?? ""}</span>
    <span class="cell to-cell">${record.connection || "an earlier process"}</span>
    <span class="cell type-cell">${record.type ?? ""}</span>
    <span class="cell time-cell"><${Ago} at=${record.receivedAt} /></span>
  `;
}

/** Enough of a token to tell it from others. @param {string | null} token */
export const shortToken = (token) => (token && token.length > 16 ? `${token.slice(0, 8)}…${token.slice(-4)}` : token);
