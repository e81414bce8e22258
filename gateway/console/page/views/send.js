/** `#/send?device=…&app=…`: push as a backend does. */
import { get, post } from "../api.js";
import { now } from "../clock.js";
import { StatusBadge } from "../components/badge.js";
import { Button } from "../components/button.js";
import { Problem } from "../components/problem.js";
import { Findings } from "../detail/findings.js";
import { href } from "../router.js";
import { newDraft, requestOf, withTarget, withTemplate } from "../send/draft.js";
import { PushForm } from "../send/push_form.js";
import { activityTargets, targetsOf } from "../send/targets.js";
import { useLint } from "../send/use_lint.js";
import { html, useEffect, useMemo, useState } from "../ui.js";
import { useAct } from "../use_act.js";
import { useAnswer } from "../use_answer.js";

/** @param {{query: Record<string, string>}} props */
export default function Send({ query }) {
  const [draft, setDraft] = useState(() => newDraft(now.peek()));
  const [sent, setSent] = useState(null);
  const { run, isBusy, error } = useAct();
  const { targets, error: unread, again } = useTargets();
  useEffect(() => {
    const wanted = !draft.token && !draft.topic && targets.find((each) => isFor(each, query));
    if (wanted) setDraft(withTarget(draft, wanted));
  }, [targets]);
  const minute = Math.floor(now.value / 60);
  const request = useMemo(() => requestOf(draft, now.peek()), [draft, minute]);
  const lint = useLint(request);
  const begin = (template) => setDraft(withTemplate(draft, template, targets.find(({ token }) => token === draft.token), now.peek()));
  const submit = async (event) => {
    event.preventDefault();
    setSent(null);
    setSent((await run(() => post("/notifications", requestOf(draft, now.peek())))) ?? null);
    again(); // a push may have started a Live Activity
  };
  return html`<form class="page send" onSubmit=${submit} aria-busy=${isBusy} aria-label="A push">
    <div class="panel">
      <${Problem} error=${unread} />
      <${PushForm} draft=${draft} change=${(changes) => setDraft({ ...draft, ...changes })} targets=${targets}
        choose=${(target) => setDraft(withTarget(draft, target))} begin=${begin} />
      <div class="actions">
        <${Button} label="Send" icon="send" kind="primary" type="submit" disabled=${isBusy} />
        <div role="status" class="sent">${isBusy ? "On its way …" : sent && html`<${Sent} sent=${sent} />`}</div>
      </div>
      <${Problem} error=${error} />
    </div>
    <div class="panel">
      <h2>What APNs and a phone make of it</h2>
      ${lint.report && html`<p class="soft small">${lint.report.size} of ${lint.report.max_size} bytes, judged as ${lint.report.push_type}</p>`}
      <${Problem} error=${lint.error} />
      ${lint.report && html`<${Findings} findings=${lint.report.findings} />`}
    </div>
  </form>`;
}

function Sent({ sent }) {
  return html`<${StatusBadge} status=${sent.status} reason=${sent.reason} />
    ${sent.apns_id && html` <a href=${href("notifications", [sent.apns_id])}>What became of it</a>`}`;
}

/** Every token that there is, those of running activities last. */
function useTargets() {
  const { data, error, again } = useAnswer(async (signal) => {
    const devices = await get("/devices", {}, { signal });
    return [...targetsOf(devices), ...(await activityTargets(devices, signal))];
  }, []);
  return { targets: data ?? NONE, error, again };
}

const NONE = [];

const isFor = (target, { device, app }) => (!device || target.device === device) && (!app || target.app === app);
