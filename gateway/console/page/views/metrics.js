/** `#/metrics`: how much happens, over the last minutes. */
import { Problem } from "../components/problem.js";
import { readMetrics } from "../metrics/exposition.js";
import { Figures } from "../metrics/figures.js";
import { EVERY_SECONDS, chartsOf, withLook } from "../metrics/history.js";
import { Plot } from "../metrics/plot.js";
import { html, useEffect, useState } from "../ui.js";
import { useAnswer } from "../use_answer.js";

/** What was seen stays while the page is open, also when another view is looked at in between. */
let looks = [];

export default function Metrics() {
  const [charts, setCharts] = useState(() => chartsOf(looks));
  const { data, error } = useAnswer(readMetrics, [], { everySeconds: EVERY_SECONDS });
  useEffect(() => {
    if (!data) return;
    looks = withLook(looks, { at: performance.now() / 1000, samples: data.samples });
    setCharts(chartsOf(looks));
  }, [data]);
  return html`<div class="page">
    <${Problem} error=${error} />
    <p class="soft small">Drawn from when this view was first opened.</p>
    <div class="plots">${charts.map((chart) => html`<${Plot} key=${chart.title} chart=${chart} />`)}</div>
    ${data && html`<${Figures} ...${data} />`}
  </div>`;
}
