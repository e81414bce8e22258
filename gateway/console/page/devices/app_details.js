/** One app: what it is doing, what the person allows it, its tokens and activities. */
import { del, patch, post, put, segment } from "../api.js";
import { Button } from "../components/button.js";
import { Choices } from "../components/choices.js";
import { NumberForm } from "../components/number_form.js";
import { Problem } from "../components/problem.js";
import { Switch } from "../components/switch.js";
import { AppIcon, appName } from "../phone/app_icon.js";
import { href } from "../router.js";
import { html, useState } from "../ui.js";
import { useAct } from "../use_act.js";
import { Activities } from "./activities.js";
import { AppLife } from "./app_life.js";
import { Channels } from "./channels.js";
import { Tokens } from "./tokens.js";

const STATES = ["foreground", "background", "suspended", "terminated", "force-quit"];
const PERMISSIONS = [
  ["not-asked", "Not asked"],
  ["granted", "Granted"],
  ["denied", "Denied"],
  ["provisional", "Provisional"],
];

/** @param {{device: object, app: object, badge: number, changed: () => void}} props */
export function AppDetails({ device, app, badge, changed }) {
  const { run, isBusy, error } = useAct();
  const [isOpen, setOpen] = useState(device.apps.length === 1);
  const path = `/devices/${segment(device.id)}/apps/${segment(app.bundle_id)}`;
  const act = (doIt) => run(doIt).then(changed);
  const set = (change) => act(() => patch(path, change));
  const reinstall = () =>
    act(async () => {
      const types = Object.keys(app.tokens);
      await del(path);
      await post(`/devices/${segment(device.id)}/apps`, { bundle_id: app.bundle_id, push_types: types.length ? types : ["alert"] });
    });
  return html`<details class="fold app" open=${isOpen} onToggle=${(event) => setOpen(event.currentTarget.open)}>
    <summary>
      <${AppIcon} bundleId=${app.bundle_id} badge=${badge} />
      <span class="app-title"><strong>${appName(app.bundle_id)}</strong><span class="mono">${app.bundle_id}</span></span>
      <span class="app-facts">${facts(app, badge)}</span>
    </summary>
    ${isOpen && html`<div class="fold-body" aria-busy=${isBusy}>
      <${Problem} error=${error} />
      <${Choices} label="The app is" options=${STATES} value=${app.state} choose=${(state) => set({ state })} />
      <${Choices} label="Permission to notify" options=${PERMISSIONS} value=${app.permission}
        choose=${(permission) => set({ permission })} />
      <${Switch} label="Allow notifications" on=${app.notifications_enabled}
        turn=${(on) => set({ notifications_enabled: on })} hint="The switch in the phone's settings." />
      <${Switch} label="Registered for remote notifications" on=${app.registered}
        turn=${(on) => set({ registered: on })} hint="Off: as at sign-out, its token is over; on again: it gets another one." />
      <${Switch} label="Reports calls" on=${app.reports_calls} turn=${(on) => set({ reports_calls: on })}
        hint=${app.voip_stopped ? "It has left too many calls unreported and gets no VoIP pushes until it is installed anew." : "As its VoIP handler must."} />
      <${NumberForm} label="Service extension takes" unit="seconds; empty: it has none" value=${app.extension_seconds}
        set=${(seconds) => set({ extension_seconds: seconds })} />
      <${NumberForm} label="Badge, set by the app" unit="0 takes it off" value=${badge}
        set=${(number) => act(() => put(`${path}/badge`, { badge: number ?? 0 }))} />
      <${Tokens} device=${device} app=${app} path=${path} changed=${changed} />
      <${Channels} device=${device} app=${app} path=${path} changed=${changed} />
      <${Activities} app=${app} path=${path} changed=${changed} />
      <${AppLife} path=${path} />
      <div class="actions">
        <a class="button" href=${href("send", [], { device: device.id, app: app.bundle_id })}>Send it a push</a>
        <${Button} label="Uninstall" disabled=${isBusy} title="Providers hear 410 Unregistered." onClick=${() => act(() => del(path))} />
        <${Button} label="Reinstall" disabled=${isBusy} title="Uninstalled and installed again: other tokens." onClick=${reinstall} />
      </div>
    </div>`}
  </details>`;
}

function facts(app, badge) {
  const words = [app.state];
  if (app.permission !== "granted") words.push(`permission ${app.permission}`);
  if (!app.notifications_enabled) words.push("notifications off");
  if (!app.registered) words.push("not registered");
  if (app.voip_stopped) words.push("VoIP stopped");
  if (app.background_push_held) words.push("a background push is held");
  if (badge) words.push(`badge ${badge}`);
  return words.join(" · ");
}
