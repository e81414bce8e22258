/** Copying: what was copied is said, and what could not be is shown to be selected by hand. */
import { html, useState } from "../ui.js";
import { Button } from "./button.js";
import { toast } from "./toast.js";

const SHOWN_MS = 1500;

/** @param {string} text @returns {Promise<boolean>} whether it is in the clipboard */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // The clipboard's own interface is for secure contexts: not for http://10.0.0.7:2198.
    if (!copyBySelection(text)) {
      toast("The browser did not let this page copy; select the text and copy it by hand.", "bad");
      return false;
    }
  }
  return true;
}

function copyBySelection(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "unseen";
  // Inside an open dialog, for everything else is inert.
  (document.querySelector("dialog[open]") ?? document.body).append(area);
  area.select();
  const isDone = document.execCommand("copy");
  area.remove();
  return isDone;
}

/**
 * @param {object} props
 * @param {string | (() => string | Promise<string>)} props.text
 * @param {string} props.label what is copied: "Copy payload"
 */
export function CopyButton({ text, label, iconOnly = false, kind = "" }) {
  const [isDone, setDone] = useState(false);
  async function copy() {
    if (!(await copyText(typeof text === "function" ? await text() : text))) return;
    setDone(true);
    setTimeout(() => setDone(false), SHOWN_MS);
  }
  return html`<${Button}
    label=${isDone ? "Copied" : label}
    icon=${isDone ? "check" : "copy"}
    iconOnly=${iconOnly}
    kind=${kind}
    onClick=${copy}
  />`;
}
