/** The programs that are told what becomes of pushes, and how each fares. */
import { del, get } from "../api.js";
import { Badge } from "../components/badge.js";
import { Button } from "../components/button.js";
import { Confirm } from "../components/dialog.js";
import { Problem } from "../components/problem.js";
import { html, useState } from "../ui.js";
import { useAnswer } from "../use_answer.js";
import { NewWebhook } from "./new_webhook.js";

const ASK_SECONDS = 2;
const HEADS = ["URL", "Events", "Delivered", "Pending", "Dropped", "Last attempt", "Do"];

export function WebhooksPanel() {
  const { data, error, again } = useAnswer((signal) => get("/webhooks", {}, { signal }), [], { everySeconds: ASK_SECONDS });
  const [leaving, setLeaving] = useState(null);
  return html`<section class="panel" aria-labelledby="webhooks-heading">
    <h2 id="webhooks-heading">Webhooks</h2>
    <${Problem} error=${error} />
    ${data?.length === 0 && html`<p class="soft">No program of yours is told what becomes of pushes.</p>`}
    ${data?.length > 0 &&
    html`<div class="table-scroll" tabindex="0" role="region" aria-label="Table of webhooks">
      <table>
        <thead><tr>${HEADS.map((head) => html`<th key=${head} scope="col">${head}</th>`)}</tr></thead>
        <tbody>
          ${data.map((hook) => html`<tr key=${hook.id}>
            <th scope="row" class="mono">${hook.url}</th>
            <td>${hook.events.join(", ")}${hook.bundle_id && ` of ${hook.bundle_id}`}</td>
            <td>${hook.delivered}</td>
            <td>${hook.pending}</td>
            <td>${hook.dropped}</td>
            <td><${LastAttempt} hook=${hook} /></td>
            <td><${Button} label=${`Remove webhook ${hook.id}`} icon="trash" iconOnly kind="plain" onClick=${() => setLeaving(hook)} /></td>
          </tr>`)}
        </tbody>
      </table>
    </div>`}
    <${NewWebhook} changed=${again} />
    ${leaving &&
    html`<${Confirm} title="Remove this webhook?" action="Remove it" onClose=${() => setLeaving(null)}
      onConfirm=${() => del(`/webhooks/${leaving.id}`).then(again)}>
      ${leaving.url} is told no more, not even what waits for it.
    <//>`}
  </section>`;
}

function LastAttempt({ hook }) {
  if (hook.last_at === null) return html`<span class="soft">none yet</span>`;
  if (hook.last_error) return html`<${Badge} kind="bad">failed<//> ${hook.last_error}`;
  return html`<${Badge} kind="good">${hook.last_status}<//>`;
}
