/** Make a key, or register one that somebody has. */
import { post } from "../api.js";
import { Button } from "../components/button.js";
import { Choices } from "../components/choices.js";
import { SelectField, TextField } from "../components/field.js";
import { Problem } from "../components/problem.js";
import { toast } from "../components/toast.js";
import { html, useState } from "../ui.js";
import { useAct } from "../use_act.js";

const WAYS = [
  ["make", "Make one here"],
  ["import", "Register yours"],
];
const ENVIRONMENTS = [["", "both environments"], "development", "production"];
const EMPTY = { team_id: "APNSIMTEAM", key_id: "", environment: "", topics: "", pem: "" };

/** @param {{changed: () => void}} props */
export function NewKey({ changed }) {
  const { run, isBusy, error } = useAct();
  const [way, setWay] = useState("make");
  const [typed, setTyped] = useState(EMPTY);
  const set = (name) => (value) => setTyped({ ...typed, [name]: value });
  const mistakes = Object.fromEntries((error?.errors ?? []).map(({ where, message }) => [where.split(".")[1], message]));
  const submit = async (event) => {
    event.preventDefault();
    const made = await run(() => (way === "make" ? post("/keys/make", limits(typed)) : post("/keys", { ...limits(typed), ...half(typed.pem) })));
    if (!made) return;
    toast(`The gateway believes key ${made.key_id}.`);
    setTyped(EMPTY);
    changed();
  };
  return html`<form class="fold-body" onSubmit=${submit} aria-busy=${isBusy} aria-label="A new key">
    <${Choices} label="Another key" options=${WAYS} value=${way} choose=${async (word) => setWay(word)} />
    <${Problem} error=${error} />
    <div class="form-grid">
      <${TextField} label="Team id" required value=${typed.team_id} set=${set("team_id")} mistake=${mistakes.team_id} />
      <${TextField} label="Key id" required=${way === "import"} value=${typed.key_id} set=${set("key_id")} mistake=${mistakes.key_id}
        hint=${way === "make" ? "empty: drawn" : ""} />
      <${SelectField} label="For" value=${typed.environment} set=${set("environment")} options=${ENVIRONMENTS} />
      <${TextField} label="Topics" value=${typed.topics} set=${set("topics")} hint="empty: every topic of its team" mistake=${mistakes.topics} />
    </div>
    ${way === "import" &&
    html`<${TextField} label="The .p8, or its public half, as PEM" multiline rows="5" required value=${typed.pem} set=${set("pem")}
      hint="No more than the public half is kept." />`}
    <div class="actions"><${Button} label=${way === "make" ? "Make the key" : "Register the key"} type="submit" kind="primary" disabled=${isBusy} /></div>
  </form>`;
}

function limits({ team_id, key_id, environment, topics }) {
  const named = topics.split(/[\s,]+/).filter(Boolean);
  return {
    team_id,
    ...(key_id && { key_id }),
    ...(environment && { environments: [environment] }),
    ...(named.length && { topics: named }),
  };
}

const half = (pem) => (pem.includes("PRIVATE KEY") ? { private_key: pem } : { public_key: pem });
