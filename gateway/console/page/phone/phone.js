/** A phone as a person sees it; without `act` only to look at. */
import { html } from "../ui.js";
import { AppIcon, appName } from "./app_icon.js";
import { FrontApp, HomeScreen } from "./home_screen.js";
import { LockScreen } from "./lock_screen.js";
import { StatusBar } from "./status_bar.js";

/**
 * @param {{device: object, screen: object | null, now: number, small?: boolean, act?: {
 *   tap: (apnsId: string) => void, dismiss: (apnsId: string) => void, clear: () => void,
 *   open: (bundleId: string) => void, goHome: (bundleId: string) => void}}} props
 */
export function Phone({ device, screen, now, act, small = false }) {
  const classes = ["phone", small ? "small" : "", screen?.lit ? "is-lit" : "is-dark"].join(" ");
  return html`<div class=${classes}>
    <div class="island" aria-hidden="true"></div>
    <${StatusBar} device=${device} now=${now} withTime=${Boolean(screen && !screen.locked)} />
    ${screen ? html`<${Shown} device=${device} screen=${screen} now=${now} act=${act} />` : html`<div class="lock-screen"></div>`}
    <div class="home-indicator" aria-hidden="true"></div>
  </div>`;
}

function Shown({ device, screen, now, act }) {
  const { banner, front } = screen;
  return html`${banner && html`<${Banner} banner=${banner} act=${act} />`}
    ${screen.locked
      ? html`<${LockScreen} screen=${screen} now=${now} act=${act} />`
      : front === "home-screen"
        ? html`<${HomeScreen} device=${device} screen=${screen} now=${now} act=${act} />`
        : html`<${FrontApp} bundleId=${front} act=${act} />`}`;
}

function Banner({ banner, act }) {
  const title = banner.title || appName(banner.bundle_id);
  const content = html`<${AppIcon} bundleId=${banner.bundle_id} />
    <span class="note-text">
      <strong>${title}</strong>
      ${banner.subtitle && html`<span class="note-subtitle">${banner.subtitle}</span>`}
      <span class="note-body">${banner.body}</span>
    </span>`;
  if (!act) return html`<div class="note banner">${content}</div>`;
  return html`<div class="note banner">
    <button type="button" class="note-tap" onClick=${() => act.tap(banner.apns_id)}>${content}</button>
  </div>`;
}
