/** What the device itself believes of its links. */
import { formatDuration } from "../time/durations.js";
import { html } from "../ui.js";

/** @param {{links: object[]}} props */
export function Links({ links }) {
  return html`<div class="table-scroll" tabindex="0" role="region" aria-label="Links of the device">
    <table>
      <caption>Links, as the device believes them to be</caption>
      <thead><tr><th scope="col">Interface</th><th scope="col">State</th><th scope="col">Socket</th><th scope="col">Keep-alive</th></tr></thead>
      <tbody>
        ${links.map((link) => html`<tr key=${link.interface}>
          <th scope="row">${link.interface}</th>
          <td>${link.state}${link.leads ? ", leads" : ""}</td>
          <td class="mono">${link.local ? `${link.local} → ${link.remote}` : "—"}</td>
          <td>${link.keep_alive_seconds === null ? "—" : keepAlive(link)}</td>
        </tr>`)}
      </tbody>
    </table>
  </div>`;
}

const keepAlive = (link) =>
  `every ${formatDuration(link.keep_alive_seconds)}, next in ${formatDuration(link.next_keep_alive_seconds)}` +
  (link.keep_alive_stage ? ` (${link.keep_alive_stage})` : "");
