/** What providers push to: a token per push type, and those that start Live Activities. */
import { post } from "../api.js";
import { Button } from "../components/button.js";
import { CopyButton } from "../components/copy.js";
import { TextField } from "../components/field.js";
import { Problem } from "../components/problem.js";
import { html, useState } from "../ui.js";
import { useAct } from "../use_act.js";

/** @param {{device: object, app: object, path: string, changed: () => void}} props */
export function Tokens({ device, app, path, changed }) {
  const rows = [
    ...Object.entries(app.tokens),
    ...Object.entries(app.push_to_start_tokens).map(([type, token]) => [`push-to-start, ${type}`, token]),
  ];
  return html`<section class="tokens" aria-label=${`Tokens of ${app.bundle_id}`}>
    <h4>Tokens</h4>
    ${rows.length === 0 && html`<p class="hint">None${device.online ? "" : " while the phone is offline"}.</p>`}
    <ul class="token-list">
      ${rows.map(([name, token]) => html`<li key=${name}>
        <span>${name}</span>
        <code class="token">${token}</code>
        <${CopyButton} text=${token} label=${`Copy the ${name} token`} iconOnly kind="plain" />
      </li>`)}
    </ul>
    <${PushToStart} path=${path} changed=${changed} />
  </section>`;
}

function PushToStart({ path, changed }) {
  const { run, isBusy, error } = useAct();
  const [type, setType] = useState("");
  const submit = async (event) => {
    event.preventDefault();
    if (await run(() => post(`${path}/activity-types`, { attributes_type: type }))) setType("");
    changed();
  };
  return html`<${Problem} error=${error} />
    <form class="inline-form" onSubmit=${submit}>
      <${TextField} label="Push-to-start token for" required value=${type} set=${setType} placeholder="DeliveryAttributes" />
      <${Button} label="Ask for it" type="submit" disabled=${isBusy} />
    </form>`;
}
