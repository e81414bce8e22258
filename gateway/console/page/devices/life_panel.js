/** What happens to a phone as a whole: restored, set up anew, thrown away. */
import { del, post, segment } from "../api.js";
import { Button } from "../components/button.js";
import { Confirm } from "../components/dialog.js";
import { TextField } from "../components/field.js";
import { Problem } from "../components/problem.js";
import { go, href } from "../router.js";
import { html, useState } from "../ui.js";
import { useAct } from "../use_act.js";

/** @param {{device: object, changed: () => void}} props */
export function LifePanel({ device, changed }) {
  const { run, isBusy, error } = useAct();
  const [to, setTo] = useState("");
  const [isAsking, setAsking] = useState(false);
  const path = `/devices/${segment(device.id)}`;
  const restore = async (event) => {
    event.preventDefault();
    const restored = await run(() => post(`${path}/restore`, to ? { to } : {}));
    changed();
    if (restored && restored.id !== device.id) go(href("devices", [restored.id]));
  };
  const remove = async () => {
    await del(path);
    go(href("devices"));
  };
  return html`<section class="panel" aria-labelledby="life-heading" aria-busy=${isBusy}>
    <h3 id="life-heading">Backup, system, end</h3>
    <${Problem} error=${error} />
    <form class="inline-form" onSubmit=${restore}>
      <${TextField} label="Restore its backup on" value=${to} set=${setTo} placeholder="the same phone"
        hint="Another device id: that phone is made, or erased. Every token of the restored one is new." />
      <${Button} label="Restore" type="submit" disabled=${isBusy} />
    </form>
    <div class="actions">
      <${Button} label="Install the system anew" disabled=${isBusy} title="Below the apps: every token of the device changes."
        onClick=${() => run(() => post(`${path}/refresh`)).then(changed)} />
      <${Button} label="Throw the phone away" kind="danger" icon="trash" disabled=${isBusy} onClick=${() => setAsking(true)} />
    </div>
    ${isAsking &&
    html`<${Confirm} title="Throw the phone away?" action="Throw it away" onConfirm=${remove} onClose=${() => setAsking(false)}>
      ${device.name} and its apps are gone for good; providers hear 410 for its tokens.
    <//>`}
  </section>`;
}
