/** The page: who is let in, the frame, and the view of the current address in it. */
import { post } from "./api.js";
import { followClock } from "./clock.js";
import { Confirm } from "./components/dialog.js";
import { Icon } from "./components/icon.js";
import { Toasts, toast } from "./components/toast.js";
import { follow, trouble } from "./feed.js";
import { complaint } from "./lists.js";
import { isLocked, takeTokenFromAddress } from "./session.js";
import { Bar } from "./shell/bar.js";
import { Help } from "./shell/help.js";
import { useKeys } from "./shell/keys.js";
import { Drawer, Navigation } from "./shell/navigation.js";
import { View, currentEntry } from "./shell/place.js";
import { Unlock } from "./shell/unlock.js";
import "./theme.js";
import { html, render, useEffect, useState } from "./ui.js";

/** @typedef {"" | "menu" | "help" | "reset"} Overlay */

function App() {
  const [overlay, open] = useState(/** @type {Overlay} */ (""));
  const close = () => open("");
  useKeys(({ key }) => key === "?" && open("help"));
  const title = currentEntry()?.label ?? "Not found";
  useEffect(() => {
    document.title = `${title} · apnsim`;
  }, [title]);
  useEffect(() => {
    // Back, too: what lies over a view does not lie over the next one.
    addEventListener("hashchange", close);
    return () => removeEventListener("hashchange", close);
  }, []);
  if (isLocked.value) return html`<main><${Unlock} /></main>`;
  return html`
    <div class="shell">
      <a class="skip" href="#view" onClick=${skip}>Skip to the content</a>
      <${Navigation} />
      <${Bar} title=${title} onMenu=${() => open("menu")} onHelp=${() => open("help")} onReset=${() => open("reset")} />
      <main class="view" id="view" tabindex="-1">
        <${Trouble} />
        <${View} />
      </main>
    </div>
    ${overlay === "menu" && html`<${Drawer} onClose=${close} />`}
    ${overlay === "help" && html`<${Help} onClose=${close} />`}
    ${overlay === "reset" && html`<${Reset} onClose=${close} />`}
    <${Toasts} />
  `;
}

function Trouble() {
  const words = trouble.value || complaint.value;
  return words && html`<p class="notice-bar" role="alert"><${Icon} name="warning" />${words}</p>`;
}

function Reset({ onClose }) {
  const reset = async () => {
    await post("/reset");
    toast("Back to empty.");
  };
  return html`<${Confirm} title="Reset the gateway?" action="Delete everything" onConfirm=${reset} onClose=${onClose}>
    Every device, every notification and the whole record of requests are deleted, for everybody who
    uses this gateway. Its keys and its CA stay.
  <//>`;
}

/** The hash is the router's: move the focus by hand. */
function skip(event) {
  event.preventDefault();
  document.getElementById("view").focus();
}

takeTokenFromAddress();
addEventListener("hashchange", takeTokenFromAddress);
followClock();
follow();
render(html`<${App} />`, document.getElementById("app"));
