/** Other requests of the same apns-id: what a client has sent again. */
import { StateBadge } from "../components/badge.js";
import { Moment } from "../components/time.js";
import { href } from "../router.js";
import { html } from "../ui.js";

export function Others({ others, apnsId, view }) {
  if (!others.length) return null;
  return html`<section class="part" aria-labelledby="others">
    <h3 id="others">The same apns-id</h3>
    <ul class="others">
      ${others.map(
        ({ number, received_at: at, state }) => html`<li key=${number}>
          <a href=${href(view, [apnsId], { number })}><${Moment} at=${at} /></a> <${StateBadge} state=${state} />
        </li>`,
      )}
    </ul>
  </section>`;
}
