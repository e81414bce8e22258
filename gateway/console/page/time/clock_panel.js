/** Move time, stop it, change its pace, and give it back. */
import { post, put } from "../api.js";
import { clock, now, refreshClock, setClock } from "../clock.js";
import { Button } from "../components/button.js";
import { TextField } from "../components/field.js";
import { Problem } from "../components/problem.js";
import { absolute } from "../components/time.js";
import { html, useEffect, useState } from "../ui.js";
import { useAct } from "../use_act.js";
import { formatDuration, parseDuration } from "./durations.js";

const STEPS = [
  ["1 min", 60],
  ["1 h", 3_600],
  ["2 h", 7_200],
  ["1 day", 86_400],
  ["30 days", 2_592_000],
];
const RATES = [1, 10, 60, 1000];
const LOOK_MS = 500;

export function ClockPanel() {
  const { run, isBusy, error } = useAct();
  const [way, setWay] = useState(null); // of an advance
  useLookWhile(isBusy);
  const said = clock.value;
  if (!said) return html`<p>The gateway has not said what time it has.</p>`;
  const change = (ask) => run(() => ask().then(setClock)).then(() => setWay(null));
  const advance = (seconds) => {
    setWay({ from: now.value, to: now.value + seconds });
    change(() => post("/clock/advance", { seconds }));
  };
  return html`<div class="clock-controls" aria-busy=${isBusy}>
    <p><strong class="clock-now">${absolute(now.value).slice(0, 19)}</strong> <span class="soft small">${standing(said)}</span></p>
    <${Problem} error=${error} />
    ${isBusy && way && html`<${Progress} ...${way} />`}
    <div class="actions" role="group" aria-label="Advance by">
      ${STEPS.map(([label, seconds]) => html`<${Button} key=${label} label=${`+ ${label}`} disabled=${isBusy} onClick=${() => advance(seconds)} />`)}
    </div>
    <${AdvanceBy} advance=${advance} isBusy=${isBusy} />
    <div class="actions">
      <${Button} label=${said.frozen ? "Let it run" : "Freeze"} disabled=${isBusy} onClick=${() => change(() => put("/clock", { frozen: !said.frozen }))} />
      <${Button} label="The machine's time again" disabled=${isBusy} onClick=${() => change(() => post("/clock/reset"))} />
    </div>
    <${Rate} rate=${said.rate} isBusy=${isBusy} set=${(rate) => change(() => put("/clock", { rate }))} />
  </div>`;
}

function Progress({ from, to }) {
  return html`<p class="small" role="status">
    <progress aria-label="Advancing" max=${to - from} value=${now.value - from}></progress> Everything that is due until ${absolute(to).slice(0, 19)} happens now.
  </p>`;
}

function AdvanceBy({ advance, isBusy }) {
  const [text, setText] = useState("");
  const seconds = parseDuration(text);
  const submit = (event) => {
    event.preventDefault();
    if (seconds === null) return;
    advance(seconds);
    setText("");
  };
  return html`<form class="inline-form" onSubmit=${submit}>
    <${TextField} label="Advance by" value=${text} set=${setText} placeholder="2h 30m" required
      hint=${seconds === null ? "" : formatDuration(seconds)} mistake=${text && seconds === null ? "Write a length such as 90, 2h 30m or 3 days." : ""} />
    <${Button} label="Advance" type="submit" disabled=${isBusy || seconds === null} />
  </form>`;
}

function Rate({ rate, set, isBusy }) {
  const [text, setText] = useState("");
  const submit = (event) => {
    event.preventDefault();
    set(Number(text));
    setText("");
  };
  return html`<form class="inline-form" onSubmit=${submit}>
    <${TextField} label="Pace" value=${text || rate} set=${setText} type="number" step="any" min="0" list="clock-rates" required
      hint="Seconds here in a second of the machine's." />
    <datalist id="clock-rates">${RATES.map((each) => html`<option key=${each} value=${each}></option>`)}</datalist>
    <${Button} label="Set the pace" type="submit" disabled=${isBusy || !text} />
  </form>`;
}

/** While much happens, the time is looked at more often. */
function useLookWhile(isBusy) {
  useEffect(() => {
    if (!isBusy) return undefined;
    const timer = setInterval(() => refreshClock().catch(() => {}), LOOK_MS);
    return () => clearInterval(timer);
  }, [isBusy]);
}

function standing(said) {
  const words = [said.frozen ? "frozen" : said.rate === 1 ? "running" : `running ${said.rate} times as fast`];
  const apart = Math.abs(said.ahead_seconds);
  const coarse = apart < 3_600 ? apart : Math.round(apart / 60) * 60;
  if (apart >= 1) words.push(`${formatDuration(coarse)} ${said.ahead_seconds > 0 ? "ahead of" : "behind"} the machine`);
  return words.join(", ");
}
