/** The apps on a phone, each with its own switches, and one more to be installed. */
import { post, segment } from "../api.js";
import { Button } from "../components/button.js";
import { TextField } from "../components/field.js";
import { Problem } from "../components/problem.js";
import { PUSH_TYPES } from "../send/push_types.js";
import { html, useState } from "../ui.js";
import { useAct } from "../use_act.js";
import { AppDetails } from "./app_details.js";

/** @param {{device: object, badges: Record<string, number>, changed: () => void}} props */
export function AppsPanel({ device, badges, changed }) {
  return html`<section class="panel" aria-labelledby="apps-heading">
    <h3 id="apps-heading">Apps</h3>
    ${device.apps.map((app) => html`<${AppDetails} key=${app.bundle_id} device=${device} app=${app}
      badge=${badges[app.bundle_id] ?? 0} changed=${changed} />`)}
    <${Install} device=${device} changed=${changed} isFirst=${!device.apps.length} />
  </section>`;
}

function Install({ device, changed, isFirst }) {
  const { run, isBusy, error } = useAct();
  const [bundleId, setBundleId] = useState("");
  const [types, setTypes] = useState(["alert", "background"]);
  const submit = async (event) => {
    event.preventDefault();
    const body = { bundle_id: bundleId, push_types: types };
    if (await run(() => post(`/devices/${segment(device.id)}/apps`, body))) setBundleId("");
    changed();
  };
  const turn = (type) => setTypes(types.includes(type) ? types.filter((each) => each !== type) : [...types, type]);
  return html`<details class="fold" open=${isFirst}>
    <summary>Install an app</summary>
    <form class="fold-body" onSubmit=${submit} aria-busy=${isBusy}>
      <${Problem} error=${error} />
      <${TextField} label="Bundle id" required value=${bundleId} set=${setBundleId} placeholder="com.example.app" />
      <fieldset class="one-of">
        <legend>It registers for</legend>
        <div class="checks">
          ${PUSH_TYPES.map(({ type }) => html`<label key=${type}>
            <input type="checkbox" checked=${types.includes(type)} onChange=${() => turn(type)} /> ${type}
          </label>`)}
        </div>
      </fieldset>
      <div class="actions"><${Button} label="Install" type="submit" kind="primary" disabled=${isBusy || !types.length} /></div>
    </form>
  </details>`;
}
