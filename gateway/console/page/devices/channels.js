/** The broadcast channels that an app listens to; one is made by its backend, at the port of channel management. */
import { del, get, post } from "../api.js";
import { Button } from "../components/button.js";
import { CopyButton } from "../components/copy.js";
import { TextField } from "../components/field.js";
import { Problem } from "../components/problem.js";
import { html, useId, useState } from "../ui.js";
import { useAct } from "../use_act.js";
import { useAnswer } from "../use_answer.js";

/** @param {{device: object, app: object, path: string, changed: () => void}} props */
export function Channels({ device, app, path, changed }) {
  const { run, isBusy, error } = useAct();
  const leave = (channel_id) => run(() => del(`${path}/channels`, { channel_id })).then(changed);
  return html`<section class="channels" aria-label=${`Channels of ${app.bundle_id}`}>
    <h4>Broadcast channels</h4>
    <${Problem} error=${error} />
    ${app.channels.length === 0 && html`<p class="hint">It listens to none.</p>`}
    <ul class="token-list">
      ${app.channels.map((channel) => html`<li key=${channel}>
        <code class="token">${channel}</code>
        <${CopyButton} text=${channel} label=${`Copy the channel id ${channel}`} iconOnly kind="plain" />
        <${Button} label="Unsubscribe" disabled=${isBusy} onClick=${() => leave(channel)} />
      </li>`)}
    </ul>
    <${Subscribe} device=${device} app=${app} path=${path} changed=${changed} />
  </section>`;
}

function Subscribe({ device: { environment }, app: { bundle_id }, path, changed }) {
  const there = useAnswer((signal) => get("/channels", { bundle_id, environment }, { signal }), [bundle_id, environment]);
  const { run, isBusy, error } = useAct();
  const [channel, setChannel] = useState("");
  const list = useId();
  const submit = async (event) => {
    event.preventDefault();
    if (await run(() => post(`${path}/channels`, { channel_id: channel }))) setChannel("");
    changed();
  };
  return html`<${Problem} error=${error} />
    <form class="inline-form" onSubmit=${submit}>
      <${TextField} label="Channel id" required value=${channel} set=${setChannel} list=${list} onFocus=${there.again} />
      <datalist id=${list}>${(there.data ?? []).map((each) => html`<option key=${each.channel_id} value=${each.channel_id}></option>`)}</datalist>
      <${Button} label="Subscribe" type="submit" disabled=${isBusy} />
    </form>`;
}
