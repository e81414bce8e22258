/** Where this gateway is, and its CA. */
import { get } from "../api.js";
import { CodeBlock } from "../components/code.js";
import { CopyButton } from "../components/copy.js";
import { Problem } from "../components/problem.js";
import { html } from "../ui.js";
import { useAnswer } from "../use_answer.js";

export function GatewayPanel() {
  const { data: info, error } = useAnswer((signal) => get("/info", {}, { signal }), []);
  return html`<section class="panel" aria-labelledby="gateway-heading">
    <h2 id="gateway-heading">This gateway</h2>
    <${Problem} error=${error} />
    ${info && html`<dl class="facts">
      ${factsOf(info).map(([name, value]) => html`<div key=${name}>
        <dt>${name}</dt>
        <dd><code>${value}</code> <${CopyButton} text=${String(value)} label=${`Copy: ${name}`} iconOnly kind="plain" /></dd>
      </div>`)}
    </dl>
    <details class="fold"><summary>The CA, as PEM</summary><div class="fold-body"><${CodeBlock} text=${info.ca_pem} label="CA" /></div></details>`}
  </section>`;
}

function factsOf(info) {
  return [
    ...Object.entries(info.provider_urls).map(([environment, url]) => [`Pushes, ${environment}`, url]),
    ...Object.entries(info.manage_ports).map(([environment, port]) => [`Channel management, ${environment}, port`, [port].flat().join(", ")]),
    ["Devices", info.courier],
    ...(info.proxy_url ? [["Proxy", info.proxy_url]] : []),
    ["CA file", info.ca_file],
    ["Team id", info.team_id],
  ];
}
