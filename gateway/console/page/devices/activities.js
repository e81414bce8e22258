/** The Live Activities of an app: those that run, and one that the app starts itself. */
import { del, get, post, segment } from "../api.js";
import { Button } from "../components/button.js";
import { CopyButton } from "../components/copy.js";
import { TextField } from "../components/field.js";
import { Problem } from "../components/problem.js";
import { html, useState } from "../ui.js";
import { useAct } from "../use_act.js";
import { useAnswer } from "../use_answer.js";

/** @param {{app: object, path: string, changed: () => void}} props */
export function Activities({ app, path, changed }) {
  const list = useAnswer((signal) => get(`${path}/activities`, {}, { signal }), [path, app]);
  const { run, isBusy, error } = useAct();
  const end = (each) => run(() => del(`${path}/activities/${segment(each.activity_id)}`)).then(changed);
  return html`<section class="activities" aria-label=${`Live Activities of ${app.bundle_id}`}>
    <h4>Live Activities</h4>
    <${Problem} error=${error ?? list.error} />
    <ul class="token-list">
      ${(list.data ?? []).map((each) => html`<li key=${each.activity_id}>
        <span>${each.attributes_type}, ${each.state}</span>
        <code class="token">${each.token ?? "no token"}</code>
        ${each.token && html`<${CopyButton} text=${each.token} label=${`Copy the update token of ${each.attributes_type}`} iconOnly kind="plain" />`}
        <${Button} label="End it" disabled=${isBusy} onClick=${() => end(each)} />
      </li>`)}
    </ul>
    <${Start} path=${path} changed=${changed} />
  </section>`;
}

function Start({ path, changed }) {
  const { run, isBusy, error } = useAct();
  const [type, setType] = useState("");
  const [content, setContent] = useState("{}");
  const submit = (event) => {
    event.preventDefault();
    run(() => post(`${path}/activities`, { attributes_type: type, content_state: parsed(content) })).then(changed);
  };
  return html`<form onSubmit=${submit}>
    <${Problem} error=${error} />
    <div class="inline-form">
      <${TextField} label="The app starts one of type" required value=${type} set=${setType} placeholder="DeliveryAttributes" />
      <${TextField} label="Content state" value=${content} set=${setContent} />
      <${Button} label="Start" type="submit" disabled=${isBusy} />
    </div>
  </form>`;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`The content state is no JSON: ${error.message}. Write an object such as {"eta": 5}.`);
  }
}
