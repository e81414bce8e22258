/** Modal dialogs: the browser's own, which keep the focus inside and close by Esc. */
import { html, useEffect, useId, useRef, useState } from "../ui.js";
import { Button } from "./button.js";

/**
 * Open for as long as it is rendered.
 *
 * @param {{title: string, onClose: () => void, wide?: boolean}} props
 */
export function Dialog({ title, onClose, wide = false, children }) {
  const dialog = useRef(null);
  const id = useId();
  useEffect(() => {
    dialog.current.showModal();
  }, []);
  const closeOnBackdrop = (event) => event.target === dialog.current && onClose();
  return html`<dialog
    ref=${dialog}
    class="dialog ${wide ? "wide" : ""}"
    aria-labelledby=${id}
    onClose=${onClose}
    onClick=${closeOnBackdrop}
  >
    <div>
      <header>
        <h2 id=${id}>${title}</h2>
        <${Button} label="Close" icon="close" iconOnly kind="plain" onClick=${onClose} />
      </header>
      ${children}
    </div>
  </dialog>`;
}

/**
 * Ask before something that cannot be taken back.
 *
 * @param {object} props
 * @param {string} props.title
 * @param {string} props.action the word on the button: "Delete everything"
 * @param {() => Promise<unknown>} props.onConfirm its error is shown, and the dialog stays
 */
export function Confirm({ title, action, onConfirm, onClose, children }) {
  const [error, setError] = useState("");
  const [isBusy, setBusy] = useState(false);
  async function confirm() {
    setBusy(true);
    try {
      await onConfirm();
      onClose();
    } catch (failure) {
      setError(failure.message);
      setBusy(false);
    }
  }
  return html`<${Dialog} title=${title} onClose=${onClose}>
    <p>${children}</p>
    ${error && html`<p class="error-text" role="alert">${error}</p>`}
    <div class="actions end">
      <${Button} label="Cancel" onClick=${onClose} />
      <${Button} label=${action} kind="danger" disabled=${isBusy} onClick=${confirm} />
    </div>
  <//>`;
}
