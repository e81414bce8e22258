/** What cannot be seen on the screen: what was heard, and what nobody saw, with the reason. */
import { href } from "../router.js";
import { Icon } from "../components/icon.js";
import { Ago } from "../components/time.js";
import { html } from "../ui.js";

/** @param {{screen: object}} props */
export function Unseen({ screen }) {
  const sounds = [...screen.sounds].reverse();
  const unseen = [...screen.not_shown].reverse();
  return html`<section class="panel" aria-labelledby="unseen-heading">
    <h3 id="unseen-heading">Not presented</h3>
    ${unseen.length === 0 && html`<p class="hint">Everything that came was shown.</p>`}
    <ul class="unseen-list">
      ${unseen.map((each) => html`<li key=${each.apns_id + each.received_at}>
        <a href=${href("notifications", [each.apns_id])}>${each.push_type} push for ${each.topic}</a>${" "}
        <span class="hint"><${Ago} at=${each.received_at} /></span>
        <p><strong>Not presented:</strong> ${each.why}</p>
      </li>`)}
    </ul>
    <h3>Heard and felt</h3>
    ${sounds.length === 0 && html`<p class="hint">Nothing.</p>`}
    <ul class="unseen-list">
      ${sounds.map((each) => html`<li key=${each.apns_id + each.at}>
        <${Icon} name="bell" /> ${heard(each)}${" "}
        <span class="hint"><${Ago} at=${each.at} /></span>
      </li>`)}
    </ul>
  </section>`;
}

const heard = (sound) =>
  `${sound.name === "default" ? "The default sound" : `The sound “${sound.name}”`}, with a haptic` +
  (sound.critical ? `, critical, at volume ${sound.volume}, through silent mode` : "");
