/** A whole rule: when, what, how often; as the gateway's own document describes it. */
import { post } from "../api.js";
import { Button } from "../components/button.js";
import { CodeBlock } from "../components/code.js";
import { Problem } from "../components/problem.js";
import { toast } from "../components/toast.js";
import { html, useState } from "../ui.js";
import { useAct } from "../use_act.js";
import { useAnswer } from "../use_answer.js";
import { EMPTY_DRAFT, mistakesOf, ruleFrom } from "./draft.js";
import { Fields } from "./fields.js";
import { readGrammar } from "./schema.js";
import { Step } from "./step.js";
import { matchWords } from "./words.js";

/** @param {{changed: () => void}} props */
export function RuleForm({ changed }) {
  const { data: grammar, error: unread } = useAnswer(readGrammar, []);
  const [draft, setDraft] = useState(EMPTY_DRAFT);
  const { run, isBusy, error, forget } = useAct();
  if (!grammar) return html`<section class="panel"><h2>A rule of your own</h2><${Problem} error=${unread} /></section>`;
  const rule = ruleFrom(draft, grammar);
  const { at, elsewhere } = mistakesOf(error);
  const change = (changes) => {
    setDraft({ ...draft, ...changes });
    forget();
  };
  const setStep = (index) => (step) => change({ steps: draft.steps.with(index, step) });
  const submit = async (event) => {
    event.preventDefault();
    const made = await run(() => post("/rules", rule));
    if (!made) return;
    toast(`Rule ${made.id} is made.`);
    changed();
  };
  return html`<section class="panel" aria-labelledby="form-heading" aria-busy=${isBusy}>
    <h2 id="form-heading">A rule of your own</h2>
    <form class="rule-form" onSubmit=${submit}>
      ${error && html`<p class="error-text" role="alert">${elsewhere || "The gateway cannot use this rule; what is wrong stands at its field."}</p>`}
      <h3>Do this</h3>
      ${draft.steps.map((step, index) => html`<${Step} key=${index} kinds=${grammar.kinds} step=${step} set=${setStep(index)}
        isOneOfMany=${draft.steps.length > 1} number=${index + 1} mistakes=${at}
        remove=${() => change({ steps: draft.steps.filter((_, other) => other !== index) })}
        place=${draft.steps.length > 1 ? `action.${index}` : "action"} />`)}
      <div class="actions"><${Button} label="And then …" icon="plus" onClick=${() => change({ steps: [...draft.steps, { type: "pass", values: {} }] })} /></div>
      <${Fold} title=${`When: ${matchWords(rule.match || {})}`} isOpen=${Object.keys(at).some((place) => place.startsWith("match"))}>
        <p class="hint">Texts may hold * for anything; a list such as ["a", "b"]: any of them. Empty: not asked.</p>
        <${Fields} fields=${grammar.match} values=${draft.match} place="match" mistakes=${at} set=${(match) => change({ match })} />
      <//>
      <h3>How often</h3>
      <${Fields} fields=${grammar.limits} values=${draft.limits} place="" mistakes=${at} set=${(limits) => change({ limits })} />
      <h3>As JSON</h3>
      <${CodeBlock} text=${JSON.stringify(rule, null, 2)} label="Rule" wraps />
      <div class="actions">
        <${Button} label="Make the rule" type="submit" kind="primary" disabled=${isBusy} />
        <${Button} label="Start over" onClick=${() => change(EMPTY_DRAFT)} />
      </div>
    </form>
  </section>`;
}

/** Closed until somebody opens it, or something in it is wrong. */
function Fold({ title, isOpen, children }) {
  const [wasOpened, setOpened] = useState(false);
  return html`<details class="fold" open=${isOpen || wasOpened} onToggle=${(event) => setOpened(event.currentTarget.open)}>
    <summary>${title}</summary>
    <div class="fold-body">${children}</div>
  </details>`;
}
