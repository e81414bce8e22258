/** Pushes, refused ones too, newest first. */
import { StateBadge } from "../components/badge.js";
import { Empty } from "../components/empty.js";
import { Ago } from "../components/time.js";
import { summary } from "../record.js";
import { newestFirst, revision } from "../records.js";
import { href } from "../router.js";
import { html } from "../ui.js";

const SHOWN = 200;

export default function Notifications() {
  revision.value;
  const records = newestFirst().slice(0, SHOWN);
  if (!records.length) return html`<${Empty} title="Nothing yet">Push something, and it appears here.<//>`;
  return html`<ol>
    ${records.map(
      (each) => html`<li key=${each.number}>
        <a href=${href("notifications", [each.apnsId])}>${summary(each)} ${each.topic}</a>
        <${StateBadge} state=${each.state} /> <${Ago} at=${each.receivedAt} />
      </li>`,
    )}
  </ol>`;
}
