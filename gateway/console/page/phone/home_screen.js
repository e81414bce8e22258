/** The home screen: an icon per app, with its badge; a tap opens it. */
import { html } from "../ui.js";
import { AppIcon, appName } from "./app_icon.js";
import { LiveActivity } from "./live_activity.js";
import { NotificationCenter } from "./lock_screen.js";

/** @param {{device: object, screen: object, now: number, act?: object}} props */
export function HomeScreen({ device, screen, now, act }) {
  return html`<div class="home-screen" tabindex=${act ? 0 : undefined} role=${act ? "region" : undefined}
    aria-label=${act ? "Home screen" : undefined}>
    <ul class="icons">
      ${device.apps.map((app) => html`<li key=${app.bundle_id}>
        <${Icon} app=${app} badge=${screen.badges[app.bundle_id] ?? 0} act=${act} />
      </li>`)}
    </ul>
    <ul>${screen.live_activities.map((each) => html`<${LiveActivity} key=${each.activity_id} activity=${each} now=${now} />`)}</ul>
    <${NotificationCenter} groups=${screen.notification_center} now=${now} act=${act} />
  </div>`;
}

function Icon({ app, badge, act }) {
  const name = appName(app.bundle_id);
  const drawn = html`<${AppIcon} bundleId=${app.bundle_id} badge=${badge} /><span class="icon-name">${name}</span>`;
  if (!act) return html`<span class="icon-tile">${drawn}</span>`;
  const label = `Open ${name}${badge ? `, badge ${badge}` : ""}`;
  return html`<button type="button" class="icon-tile" aria-label=${label} title=${app.bundle_id}
    onClick=${() => act.open(app.bundle_id)}>${drawn}</button>`;
}

/** The app in front fills the screen. @param {{bundleId: string, act?: object}} props */
export function FrontApp({ bundleId, act }) {
  return html`<div class="front-app">
    <${AppIcon} bundleId=${bundleId} />
    <strong>${appName(bundleId)}</strong>
    <span>${bundleId}</span>
    <span>in the foreground</span>
    ${act && html`<button type="button" onClick=${() => act.goHome(bundleId)}>Go to the home screen</button>`}
  </div>`;
}
