/** Every rule in the order in which they are asked, with what became of each. */
import { del, patch, segment } from "../api.js";
import { Badge } from "../components/badge.js";
import { Button } from "../components/button.js";
import { Confirm } from "../components/dialog.js";
import { Problem } from "../components/problem.js";
import { Switch } from "../components/switch.js";
import { html, useState } from "../ui.js";
import { useAct } from "../use_act.js";
import { actionWords, limitWords, matchWords } from "./words.js";

/** @param {{rules: object[], changed: () => void}} props */
export function RuleList({ rules, changed }) {
  const { run, isBusy, error } = useAct();
  const [isAsking, setAsking] = useState(false);
  const act = (doIt) => run(doIt).then(changed);
  const move = (index, step) => act(() => reorder(rules, index, index + step));
  return html`<section class="panel" aria-labelledby="rules-heading" aria-busy=${isBusy}>
    <h2 id="rules-heading">Rules, in the order in which they are asked</h2>
    <${Problem} error=${error} />
    ${rules.length === 0 && html`<p class="soft">Nothing goes wrong on purpose.</p>`}
    <ol class="rule-list">
      ${rules.map((rule, index) => html`<li key=${rule.id} class=${rule.spent || !rule.enabled ? "rests" : ""}>
        <div class="rule-words">
          <strong>Rule ${rule.id}</strong> <code>${actionWords(rule.action)}</code>
          <span class="soft small">for ${matchWords(rule.match)}, ${limitWords(rule)}</span>
          ${rule.missed && html`<span class="soft small">The last that did not match: ${rule.missed}</span>`}
        </div>
        <div class="rule-facts">
          <${Badge} kind=${rule.hits ? "bad" : ""}>${rule.hits} ${rule.hits === 1 ? "hit" : "hits"} of ${rule.seen} seen<//>
          ${rule.spent && html`<${Badge}>spent<//>`}
          ${rule.priority !== 0 && html`<${Badge}>priority ${rule.priority}<//>`}
        </div>
        <div class="actions">
          <${Switch} label="On" name=${`On: rule ${rule.id}`} on=${rule.enabled} disabled=${rule.spent}
            turn=${(enabled) => act(() => patch(`/rules/${segment(rule.id)}`, { enabled }))} />
          <${Button} label=${`Ask rule ${rule.id} earlier`} iconOnly icon="up" kind="plain" disabled=${isBusy || index === 0} onClick=${() => move(index, -1)} />
          <${Button} label=${`Ask rule ${rule.id} later`} iconOnly icon="down" kind="plain" disabled=${isBusy || index === rules.length - 1} onClick=${() => move(index, 1)} />
          <${Button} label=${`Delete rule ${rule.id}`} iconOnly icon="trash" kind="plain" disabled=${isBusy} onClick=${() => act(() => del(`/rules/${segment(rule.id)}`))} />
        </div>
      </li>`)}
    </ol>
    ${rules.length > 1 && html`<div class="actions"><${Button} label="Delete all rules" kind="danger" icon="trash" onClick=${() => setAsking(true)} /></div>`}
    ${isAsking &&
    html`<${Confirm} title="Delete all rules?" action="Delete them" onConfirm=${() => del("/rules").then(changed)} onClose=${() => setAsking(false)}>
      Nothing goes wrong on purpose any more; what a rule has begun on open connections goes on.
    <//>`}
  </section>`;
}

/** Give the rules priorities that are in the new order; those that have theirs already keep it. */
async function reorder(rules, from, to) {
  const order = [...rules];
  order.splice(to, 0, ...order.splice(from, 1));
  for (const [index, rule] of order.entries()) {
    const priority = order.length - index;
    if (rule.priority !== priority) await patch(`/rules/${segment(rule.id)}`, { priority });
  }
}
