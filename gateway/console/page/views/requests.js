/** Every HTTP/2 request of a provider, with the answer it was given; newest first. */
import { Browser } from "../records/browser.js";
import { RequestCells } from "../records/row.js";
import { html } from "../ui.js";

const isAny = () => true;

export default function Requests(place) {
  return html`<${Browser} view="requests" label="Requests" Cells=${RequestCells} isOfView=${isAny} ...${place} />`;
}
