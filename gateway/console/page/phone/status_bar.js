/** The row at the top of the phone: its time, and by what it is connected. */
import { timeOf } from "./clock_face.js";
import { html } from "../ui.js";

const WORDS = {
  wifi: "Wi-Fi",
  cellular: "5G",
  "wifi+cellular": "5G Wi-Fi",
  airplane: "✈ Airplane",
  none: "No service",
  "half-open": "Half-open",
};

/** @param {{device: object, now: number, withTime: boolean}} props */
export function StatusBar({ device, now, withTime }) {
  return html`<div class="status-bar">
    <span>${withTime ? timeOf(now) : "apnsim"}</span>
    <span class="status-right">
      ${device.power === "low-power" && html`<span class="low-power">Low power</span>`}
      <span>${WORDS[device.network] ?? device.network}</span>
      <span class=${device.online ? "link up" : "link down"}>${device.online ? "● link" : "○ no link"}</span>
    </span>
  </div>`;
}
