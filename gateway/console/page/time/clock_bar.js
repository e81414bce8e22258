/** The gateway's time, in the bar of every view; a click shows what can be done to it. */
import { clock, now } from "../clock.js";
import { Icon } from "../components/icon.js";
import { absolute } from "../components/time.js";
import { html } from "../ui.js";
import { ClockPanel } from "./clock_panel.js";

export function ClockBar() {
  const said = clock.value;
  const [date, time] = absolute(now.value).split(" ");
  return html`<div class="clock-bar">
    <button type="button" class="button plain" popovertarget="clock-panel">
      <${Icon} name="clock" />
      <span class="unseen">The gateway's time</span>
      <span class="clock-date">${date}</span>
      <span class="clock-time">${time.slice(0, 8)}</span>
      ${said && paceOf(said) && html`<span class="clock-pace">${paceOf(said)}</span>`}
    </button>
    <div id="clock-panel" class="clock-panel" popover="auto" role="dialog" aria-label="The gateway's time"><${ClockPanel} /></div>
  </div>`;
}

/** What is out of the ordinary about it. @param {import("../clock.js").Clock} said */
export function paceOf(said) {
  if (said.frozen) return "frozen";
  return said.rate === 1 ? "" : `× ${said.rate}`;
}
