/** One phone: as a person sees it, and everything that can happen to it. */
import { get, patch, post, segment } from "../api.js";
import { now } from "../clock.js";
import { Button } from "../components/button.js";
import { Problem } from "../components/problem.js";
import { Phone } from "../phone/phone.js";
import { href } from "../router.js";
import { html, useEffect } from "../ui.js";
import { useAct } from "../use_act.js";
import { useAnswer } from "../use_answer.js";
import { AppsPanel } from "./apps_panel.js";
import { LifePanel } from "./life_panel.js";
import { NetworkPanel } from "./network_panel.js";
import { PowerPanel } from "./power_panel.js";
import { Unseen } from "./unseen.js";
import { onDevice, useScreen } from "./use_screen.js";

/** Tests and other people change phones without a word of the feed. */
const ASK_SECONDS = 3;

/** @param {{deviceId: string}} props */
export function DevicePage({ deviceId }) {
  const device = useAnswer((signal) => get(`/devices/${segment(deviceId)}`, {}, { signal }), [deviceId], { everySeconds: ASK_SECONDS });
  const screen = useScreen(deviceId, { everySeconds: ASK_SECONDS });
  useEffect(() => onDevice(deviceId, device.again), [deviceId]);
  const { run, error } = useAct();
  const changed = () => Promise.all([device.again(), screen.again()]);
  const act = gestures(`/devices/${segment(deviceId)}`, (doIt) => run(doIt).then(changed));
  return html`<div class="page">
    <p><a href=${href("devices")}>All devices</a></p>
    <h2 class="title">${device.data?.name ?? deviceId}</h2>
    <${Problem} error=${error ?? device.error ?? screen.error} />
    ${device.data && html`<p class="device-facts">${device.data.id}, ${device.data.environment}</p>
    <div class="device-page">
      <div class="device-stage">
        <${Phone} device=${device.data} screen=${screen.data} now=${now.value} act=${act} />
        <p class="hint" role="status">${said(screen.data)}</p>
        ${screen.data && html`<${Button} label="Clear all notifications" onClick=${() => act.clear()} />`}
      </div>
      <div class="device-panels">
        <${PowerPanel} device=${device.data} changed=${changed} />
        <${NetworkPanel} device=${device.data} changed=${changed} />
        <${AppsPanel} device=${device.data} badges=${screen.data?.badges ?? {}} changed=${changed} />
        ${screen.data && html`<${Unseen} screen=${screen.data} />`}
        <${LifePanel} device=${device.data} changed=${changed} />
      </div>
    </div>`}
  </div>`;
}

/** What a finger does. */
function gestures(path, act) {
  const app = (bundleId) => `${path}/apps/${segment(bundleId)}`;
  return {
    tap: (apnsId) => act(() => post(`${path}/screen/tap`, { apns_id: apnsId })),
    dismiss: (apnsId) => act(() => post(`${path}/screen/dismiss`, { apns_id: apnsId })),
    clear: () => act(() => post(`${path}/screen/clear`, {})),
    open: (bundleId) => act(() => patch(app(bundleId), { state: "foreground" })),
    goHome: (bundleId) => act(() => patch(app(bundleId), { state: "background" })),
  };
}

function said(screen) {
  if (!screen) return "";
  const count = screen.lock_screen.reduce((sum, group) => sum + group.notifications.length, 0);
  const where = screen.locked ? "locked" : screen.front === "home-screen" ? "home screen" : `${screen.front} in front`;
  return `${screen.lit ? "Lit" : "Dark"}, ${where}, ${count} on the lock screen`;
}
