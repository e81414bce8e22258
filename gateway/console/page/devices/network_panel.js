/** The phone's network: its link, what carries it, what happens to it, and how well. */
import { patch, post, segment } from "../api.js";
import { Button } from "../components/button.js";
import { Choices } from "../components/choices.js";
import { Problem } from "../components/problem.js";
import { Switch } from "../components/switch.js";
import { html } from "../ui.js";
import { useAct } from "../use_act.js";
import { Conditions } from "./conditions.js";
import { Links } from "./links.js";

const KINDS = [
  ["wifi", "Wi-Fi"],
  ["cellular", "Cellular"],
  ["wifi+cellular", "Both"],
  ["airplane", "Airplane mode"],
  ["none", "No service"],
  ["half-open", "Half-open"],
];
const EVENTS = [
  ["hand-over", "Hand over", "Another address: the old link is dead and nobody tells the gateway."],
  ["reset", "Reset", "Something in between answers with RST, both ways."],
  ["cut-wan", "Cut the WAN", "The phone sees a healthy link, the gateway its end."],
  ["forget-nat", "NAT forgets", "What is sent over the old connections vanishes."],
];

/** @param {{device: object, changed: () => void}} props */
export function NetworkPanel({ device, changed }) {
  const { run, isBusy, error } = useAct();
  const path = `/devices/${segment(device.id)}`;
  const set = (change) => run(() => patch(path, change)).then(changed);
  const happen = (event) => run(() => post(`${path}/network`, { event })).then(changed);
  return html`<section class="panel" aria-labelledby="network-heading" aria-busy=${isBusy}>
    <h3 id="network-heading">Network</h3>
    <${Problem} error=${error} />
    <${Switch} label="Online" on=${device.online} turn=${(online) => set({ online })}
      hint="Off: the device leaves; what comes meanwhile is stored." />
    <${Choices} label="Connected by" options=${KINDS} value=${device.network} choose=${(network) => set({ network })} />
    <div class="actions" role="group" aria-label="Let something happen to the link that leads">
      ${EVENTS.map(([event, label, hint]) => html`<${Button} key=${event} label=${label} title=${hint} disabled=${isBusy} onClick=${() => happen(event)} />`)}
    </div>
    <${Conditions} conditions=${device.conditions} set=${(conditions) => set({ conditions })} />
    <${Links} links=${device.links} />
  </section>`;
}
