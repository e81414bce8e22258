/** A few lines over the last minutes. Their numbers stand in the table beside them. */
import { html, useId } from "../ui.js";

const WIDTH = 600;
const HEIGHT = 150;
const SECONDS = 300;

/** @param {{chart: import("./history.js").Chart}} props */
export function Plot({ chart }) {
  const id = useId();
  const points = chart.lines.flatMap((line) => line.points);
  const until = Math.max(...points.map(({ at }) => at), 0);
  const top = niceTop(Math.max(...points.map(({ value }) => value), 0));
  const path = (line) => line.points.map(({ at, value }) => `${x(at, until)},${y(value, top)}`).join(" ");
  return html`<figure class="panel plot" aria-labelledby=${id}>
    <figcaption id=${id}><h2>${chart.title}</h2><span class="soft small">${chart.unit}, the last five minutes</span></figcaption>
    <div class="plot-top soft small" aria-hidden="true">${number(top)}</div>
    <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      ${[0, 0.5, 1].map((part) => html`<line key=${part} class="grid" x1="0" x2=${WIDTH} y1=${y(part * top, top)} y2=${y(part * top, top)} />`)}
      ${chart.lines.map((line, index) => html`<polyline key=${line.name} class=${`line line-${index}`} points=${path(line)} />`)}
    </svg>
    <div class="plot-scale soft small" aria-hidden="true"><span>5 min ago</span><span>now</span></div>
    <table>
      <thead><tr><th scope="col">Line</th><th scope="col">Now</th><th scope="col">Highest</th></tr></thead>
      <tbody>
        ${chart.lines.map((line, index) => html`<tr key=${line.name}>
          <th scope="row"><svg class="key" viewBox="0 0 24 8" aria-hidden="true"><line class=${`line line-${index}`} x1="0" x2="24" y1="4" y2="4" /></svg> ${line.name}</th>
          <td>${number(line.points.at(-1)?.value ?? 0)}</td>
          <td>${number(Math.max(0, ...line.points.map(({ value }) => value)))}</td>
        </tr>`)}
        ${chart.lines.length === 0 && html`<tr><th scope="row">none</th><td>0</td><td>0</td></tr>`}
      </tbody>
    </table>
  </figure>`;
}

const x = (at, until) => ((1 - (until - at) / SECONDS) * WIDTH).toFixed(1);
const y = (value, top) => (HEIGHT - 4 - (value / top) * (HEIGHT - 8)).toFixed(1);

/** 1, 2, 5, 10, 20 …: the least of them that is no less. */
function niceTop(value) {
  if (value <= 1) return 1;
  const size = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * size).find((each) => each >= value);
}

const number = (value) => (Number.isInteger(value) ? String(value) : value.toFixed(1));
