/** Pushes and what became of them, refused ones too; newest first. */
import { Browser } from "../records/browser.js";
import { PushCells } from "../records/row.js";
import { html } from "../ui.js";

const PATHS = ["/3/device/", "/4/broadcasts/"];

/** Requests of channel management are no pushes, whatever became of them. */
const isPush = ({ path }) => PATHS.some((start) => path.startsWith(start));

export default function Notifications(place) {
  return html`<${Browser} view="notifications" label="Notifications" Cells=${PushCells} isOfView=${isPush} ...${place} />`;
}
