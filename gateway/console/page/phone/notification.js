/** Notifications as cards: one, and the pile of an app and thread. */
import { relative } from "../components/time.js";
import { html, useState } from "../ui.js";
import { AppIcon, appName } from "./app_icon.js";

const LEVELS = { "time-sensitive": "Time sensitive", critical: "Critical", passive: "Quiet" };

/** @param {{shown: object, now: number, act?: object, summary?: string | null}} props */
export function NotificationCard({ shown, now, act, summary }) {
  const level = shown.sound?.critical ? LEVELS.critical : LEVELS[shown.interruption_level];
  const title = shown.title || appName(shown.bundle_id);
  const content = html`<${AppIcon} bundleId=${shown.bundle_id} />
    <span class="note-text">
      <span class="note-head"><strong>${title}</strong><span class="note-time">${relative(shown.shown_at, now)}</span></span>
      ${level && html`<span class="note-level">${level}</span>`}
      ${shown.subtitle && html`<span class="note-subtitle">${shown.subtitle}</span>`}
      ${shown.body && html`<span class="note-body">${shown.body}</span>`}
      ${summary && html`<span class="note-summary">${summary}</span>`}
    </span>`;
  if (!act) return html`<div class="note">${content}</div>`;
  return html`<div class="note">
    <button type="button" class="note-tap" title="Tap: opens the app" onClick=${() => act.tap(shown.apns_id)}>
      ${content}
    </button>
    <button type="button" class="note-swipe" aria-label=${`Swipe away: ${title}`} title="Swipe away"
      onClick=${() => act.dismiss(shown.apns_id)}>✕</button>
  </div>`;
}

/** Newest on top; the others are under it until somebody looks. @param {{group: object, now: number, act?: object}} props */
export function NotificationGroup({ group, now, act }) {
  const [isOpen, setOpen] = useState(false);
  const [top, ...rest] = group.notifications;
  const shown = isOpen ? group.notifications : [top];
  return html`<li class=${rest.length && !isOpen ? "pile" : ""}>
    ${shown.map(
      (each) => html`<${NotificationCard} key=${each.apns_id} shown=${each} now=${now} act=${act}
        summary=${!isOpen && rest.length ? group.summary : null} />`,
    )}
    ${rest.length > 0 && act &&
    html`<button type="button" class="pile-toggle" aria-expanded=${isOpen} onClick=${() => setOpen(!isOpen)}>
      ${isOpen ? "Show less" : `${rest.length} more`}
    </button>`}
    ${rest.length > 0 && !act && html`<span class="pile-toggle">${rest.length} more</span>`}
  </li>`;
}
