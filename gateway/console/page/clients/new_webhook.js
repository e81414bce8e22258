/** Have another program told what becomes of pushes. */
import { post } from "../api.js";
import { Button } from "../components/button.js";
import { TextField } from "../components/field.js";
import { Problem } from "../components/problem.js";
import { toast } from "../components/toast.js";
import { html, useState } from "../ui.js";
import { useAct } from "../use_act.js";

const EMPTY = { url: "", bundle_id: "", secret: "" };

/** @param {{changed: () => void}} props */
export function NewWebhook({ changed }) {
  const { run, isBusy, error } = useAct();
  const [typed, setTyped] = useState(EMPTY);
  const set = (name) => (value) => setTyped({ ...typed, [name]: value });
  const submit = async (event) => {
    event.preventDefault();
    const given = Object.entries(typed).filter(([, value]) => value.trim());
    const made = await run(() => post("/webhooks", Object.fromEntries(given)));
    if (!made) return;
    toast(`${made.url} is told from now on.`);
    setTyped(EMPTY);
    changed();
  };
  return html`<form class="fold-body" onSubmit=${submit} aria-busy=${isBusy} aria-label="A new webhook">
    <${Problem} error=${error} />
    <div class="form-grid">
      <${TextField} label="URL" type="url" required value=${typed.url} set=${set("url")} placeholder="http://127.0.0.1:8080/pushes"
        hint="a POST when a push was delivered or presented" />
      <${TextField} label="Bundle id" value=${typed.bundle_id} set=${set("bundle_id")} hint="empty: of every app" />
      <${TextField} label="Secret" value=${typed.secret} set=${set("secret")} placeholder="whsec_…" hint="signs what is sent; never shown again" />
    </div>
    <div class="actions"><${Button} label="Add the webhook" type="submit" kind="primary" disabled=${isBusy} /></div>
  </form>`;
}
