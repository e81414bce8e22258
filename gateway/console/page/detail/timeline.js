/** What became of it, in the words of Apple's Push Notifications Console. */
import { kindOfState } from "../components/badge.js";
import { clockTime, Moment } from "../components/time.js";
import { html } from "../ui.js";

const DAY = 86_400;

export function Timeline({ timeline }) {
  if (!timeline.length) return null;
  const start = timeline[0].at;
  return html`<section class="part" aria-labelledby="timeline">
    <h3 id="timeline">Timeline</h3>
    <ol class="timeline">
      ${timeline.map(
        ({ state, at, detail }, index) => html`<li key=${index} class=${kindOfState(state)}>
          <div class="timeline-state">
            <strong>${state}</strong>
            <span class="soft small mono">${at - start > DAY ? html`<${Moment} at=${at} />` : clockTime(at)}${index > 0 && html` <span>${later(at - start)}</span>`}</span>
          </div>
          ${detail && html`<p class="soft small">${detail}</p>`}
        </li>`,
      )}
    </ol>
  </section>`;
}

function later(seconds) {
  if (seconds < 1) return `+${Math.round(seconds * 1000)} ms`;
  if (seconds < 120) return `+${seconds.toFixed(1)} s`;
  if (seconds < 7200) return `+${Math.round(seconds / 60)} min`;
  return seconds < 2 * DAY ? `+${(seconds / 3600).toFixed(1)} h` : `+${(seconds / DAY).toFixed(1)} d`;
}
