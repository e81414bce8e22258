/** The way to every view; on a phone it is a drawer. */
import { href, place } from "../router.js";
import { html, useEffect, useRef } from "../ui.js";
import { VIEWS } from "../views.js";
import { Icon } from "../components/icon.js";
import { ThemeButton } from "./theme_button.js";

export function Navigation({ onGo }) {
  return html`<nav class="nav" aria-label="Views">
    <a class="brand" href=${href("notifications")} onClick=${onGo}><img src="/page/icon.svg" alt="" />apnsim</a>
    ${VIEWS.map(
      ({ name, label, icon }) => html`<a
        key=${name}
        class="nav-link"
        href=${href(name)}
        aria-current=${place.value.view === name ? "page" : undefined}
        onClick=${onGo}
      >
        <${Icon} name=${icon} />${label}
      </a>`,
    )}
    <div class="nav-foot"><${ThemeButton} /></div>
  </nav>`;
}

/** The same as a drawer over the page. */
export function Drawer({ onClose }) {
  const dialog = useRef(null);
  useEffect(() => dialog.current.showModal(), []);
  const closeOnBackdrop = (event) => event.target === dialog.current && onClose();
  return html`<dialog ref=${dialog} class="drawer" aria-label="Navigation" onClose=${onClose} onClick=${closeOnBackdrop}>
    <${Navigation} onGo=${onClose} />
  </dialog>`;
}
