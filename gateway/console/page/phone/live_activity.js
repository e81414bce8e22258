/** A Live Activity on the lock screen: its type, its state, and its newest content as it is. */
import { relative } from "../components/time.js";
import { html } from "../ui.js";
import { AppIcon, appName } from "./app_icon.js";

const SHOWN = 4;

/** @param {{activity: object, now: number}} props */
export function LiveActivity({ activity, now }) {
  const facts = Object.entries({ ...activity.attributes, ...activity.content_state });
  return html`<li class="note activity">
    <div class="note-head">
      <${AppIcon} bundleId=${activity.bundle_id} />
      <strong>${appName(activity.bundle_id)}</strong>
      <span class="note-time">${activity.state}, ${relative(activity.started_at, now)}</span>
    </div>
    <div class="activity-type">${activity.attributes_type}</div>
    <dl>
      ${facts.slice(0, SHOWN).map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${told(value)}</dd></div>`)}
    </dl>
    ${facts.length > SHOWN && html`<div class="activity-type">and ${facts.length - SHOWN} more</div>`}
  </li>`;
}

const told = (value) => (typeof value === "string" ? value : JSON.stringify(value));
