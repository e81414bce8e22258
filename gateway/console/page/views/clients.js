/** `#/clients?client=httpx`: point a client at this gateway, the keys that it believes, and whom it tells. */
import { get } from "../api.js";
import { GatewayPanel } from "../clients/gateway_panel.js";
import { KeysPanel } from "../clients/keys_panel.js";
import { SnippetPanel } from "../clients/snippet_panel.js";
import { WebhooksPanel } from "../clients/webhooks_panel.js";
import { Problem } from "../components/problem.js";
import { html } from "../ui.js";
import { useAnswer } from "../use_answer.js";

/** @param {{query: Record<string, string>}} props */
export default function Clients({ query }) {
  const keys = useAnswer((signal) => get("/keys", {}, { signal }), []);
  return html`<div class="page">
    <${Problem} error=${keys.error} />
    ${keys.data && html`<${SnippetPanel} keys=${keys.data} chosen=${query.client} />`}
    <${GatewayPanel} />
    ${keys.data && html`<${KeysPanel} keys=${keys.data} changed=${keys.again} />`}
    <${WebhooksPanel} />
  </div>`;
}
