/** Make a phone, and go to it. */
import { post } from "../api.js";
import { Button } from "../components/button.js";
import { SelectField, TextField } from "../components/field.js";
import { Problem } from "../components/problem.js";
import { go, href } from "../router.js";
import { html, useState } from "../ui.js";
import { useAct } from "../use_act.js";

const ENVIRONMENTS = [["", "the gateway's own"], "development", "production"];

export function NewDevice() {
  const { run, isBusy, error } = useAct();
  const [name, setName] = useState("");
  const [environment, setEnvironment] = useState("");
  const submit = async (event) => {
    event.preventDefault();
    const made = await run(() => post("/devices", { name: name || null, environment: environment || null }));
    if (made) go(href("devices", [made.id]));
  };
  return html`<form onSubmit=${submit} aria-busy=${isBusy} aria-label="Add a phone">
    <${Problem} error=${error} />
    <div class="inline-form">
      <${TextField} label="Name of a new phone" value=${name} set=${setName} placeholder="Anna's phone" />
      <${SelectField} label="Environment" value=${environment} set=${setEnvironment} options=${ENVIRONMENTS} />
      <${Button} label="Add a phone" icon="plus" kind="primary" type="submit" disabled=${isBusy} />
    </div>
  </form>`;
}
