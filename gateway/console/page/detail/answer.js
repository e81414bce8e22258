/** What the provider was told. */
import { StatusBadge } from "../components/badge.js";
import { html } from "../ui.js";

export function Answer({ answer }) {
  const { status, reason, detail, apns_id: apnsId, apns_unique_id: uniqueId } = answer;
  return html`<section class="part" aria-labelledby="answer">
    <h3 id="answer">Answer</h3>
    <p><${StatusBadge} status=${status} reason=${reason} /></p>
    ${detail && html`<p>${detail} <span class="soft small">(for you; it was not sent)</span></p>`}
    <dl class="known mono">
      <div><dt>apns-id</dt><dd>${apnsId}</dd></div>
      ${uniqueId && html`<div><dt>apns-unique-id</dt><dd>${uniqueId}</dd></div>`}
    </dl>
  </section>`;
}
