/** Whether somebody uses the phone, and what wakes it. */
import { patch, post, segment } from "../api.js";
import { Button } from "../components/button.js";
import { Choices } from "../components/choices.js";
import { Problem } from "../components/problem.js";
import { html } from "../ui.js";
import { useAct } from "../use_act.js";

const POWERS = [
  ["awake", "Awake"],
  ["locked", "Locked"],
  ["low-power", "Low power"],
];
const POLICIES = [
  ["full", "Yes (full)"],
  ["restricted", "No (restricted)"],
];
const WAKES = [
  ["user", "Unlock it", "A person unlocks the phone."],
  ["cellular-call", "A call comes", "A cellular call lights its display."],
  ["timer", "A timer fires", "It wakes and stays dark."],
];

/** @param {{device: object, changed: () => void}} props */
export function PowerPanel({ device, changed }) {
  const { run, isBusy, error } = useAct();
  const path = `/devices/${segment(device.id)}`;
  const set = (change) => run(() => patch(path, change)).then(changed);
  const wake = (reason) => run(() => post(`${path}/wake`, { reason })).then(changed);
  return html`<section class="panel" aria-labelledby="power-heading" aria-busy=${isBusy}>
    <h3 id="power-heading">Power</h3>
    <${Problem} error=${error} />
    <${Choices} label="The phone is" options=${POWERS} value=${device.power} choose=${(power) => set({ power })}
      hint="Locked: what can wait is held until the next burst; a push of priority 10 lights it." />
    <div class="actions" role="group" aria-label="Wake it">
      ${WAKES.map(([reason, label, hint]) => html`<${Button} key=${reason} label=${label} title=${hint} disabled=${isBusy} onClick=${() => wake(reason)} />`)}
    </div>
    <${Choices} label="Without a link, may it try for one?" options=${POLICIES} value=${device.assertion_policy}
      choose=${(assertion_policy) => set({ assertion_policy })} />
  </section>`;
}
