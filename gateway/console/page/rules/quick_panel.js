/** The faults that people want most: on this page, each is one click. */
import { get, post } from "../api.js";
import { Button } from "../components/button.js";
import { SelectField } from "../components/field.js";
import { Problem } from "../components/problem.js";
import { toast } from "../components/toast.js";
import { appName } from "../phone/app_icon.js";
import { html, useState } from "../ui.js";
import { useAct } from "../use_act.js";
import { useAnswer } from "../use_answer.js";
import { QUICK_RULES, ruleOf } from "./quick.js";

/** @param {{changed: () => void}} props */
export function QuickPanel({ changed }) {
  const { run, isBusy, error } = useAct();
  const devices = useAnswer((signal) => get("/devices", {}, { signal }), []);
  const [app, setApp] = useState("");
  const [token, setToken] = useState("");
  const apps = [...new Set((devices.data ?? []).flatMap((device) => device.apps.map((each) => each.bundle_id)))];
  const tokens = (devices.data ?? []).flatMap(tokensOf);
  const make = (quick) =>
    run(async () => {
      const made = await post("/rules", ruleOf(quick, { app, token }));
      toast(`Rule ${made.id}: ${quick.label}.`);
    }).then(changed);
  return html`<section class="panel" aria-labelledby="quick-heading" aria-busy=${isBusy}>
    <h2 id="quick-heading">Let something go wrong</h2>
    <${Problem} error=${error ?? devices.error} />
    <div class="inline-form">
      <${SelectField} label="For" value=${app} set=${setApp} options=${[["", "every app"], ...apps.map((each) => [each, each])]} />
      <${SelectField} label="This token" value=${token} set=${setToken} options=${[["", "choose one, for 410"], ...tokens]} />
    </div>
    <ul class="quick-rules">
      ${QUICK_RULES.map((quick) => html`<li key=${quick.label}>
        <${Button} label=${quick.label} disabled=${isBusy || (quick.needs === "token" && !token)} onClick=${() => make(quick)} />
        <span class="hint">${quick.hint}</span>
      </li>`)}
    </ul>
  </section>`;
}

const tokensOf = (device) =>
  device.apps.flatMap((app) =>
    Object.entries(app.tokens).map(([type, token]) => [token, `${device.name}, ${appName(app.bundle_id)}, ${type}: ${token.slice(0, 8)}…`]),
  );
