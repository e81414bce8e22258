/** The lock screen: the clock, what runs live, what came since the last unlock, and what is older. */
import { dayOf, timeOf } from "./clock_face.js";
import { html } from "../ui.js";
import { LiveActivity } from "./live_activity.js";
import { NotificationGroup } from "./notification.js";

/** @param {{screen: object, now: number, act?: object}} props */
export function LockScreen({ screen, now, act }) {
  return html`<div class="lock-screen">
    <div class="lock-clock">
      <div class="lock-day">${dayOf(now)}</div>
      <div class="lock-time">${timeOf(now)}</div>
    </div>
    <div class="lock-list" tabindex=${act ? 0 : undefined} role=${act ? "region" : undefined}
      aria-label=${act ? "Lock screen" : undefined}>
      <ul>
        ${screen.live_activities.map((each) => html`<${LiveActivity} key=${each.activity_id} activity=${each} now=${now} />`)}
        <${Groups} groups=${screen.lock_screen} now=${now} act=${act} />
      </ul>
      <${NotificationCenter} groups=${screen.notification_center} now=${now} act=${act} />
    </div>
  </div>`;
}

/** What is older than the last unlock. @param {{groups: object[], now: number, act?: object}} props */
export function NotificationCenter({ groups, now, act }) {
  if (!groups.length) return null;
  return html`<div class="notification-center">
    <div class="center-head">
      <span>Notification Centre</span>
      ${act && html`<button type="button" onClick=${() => act.clear()}>Clear</button>`}
    </div>
    <ul><${Groups} groups=${groups} now=${now} act=${act} /></ul>
  </div>`;
}

function Groups({ groups, now, act }) {
  return groups.map(
    (group) => html`<${NotificationGroup} key=${`${group.bundle_id} ${group.thread_id}`} group=${group} now=${now} act=${act} />`,
  );
}
