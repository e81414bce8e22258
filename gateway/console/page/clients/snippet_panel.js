/** Point a client at this gateway: what to paste, with its own addresses, key and token in it. */
import { get } from "../api.js";
import { Choices } from "../components/choices.js";
import { CodeBlock } from "../components/code.js";
import { SelectField } from "../components/field.js";
import { Problem } from "../components/problem.js";
import { go, href } from "../router.js";
import { targetsOf } from "../send/targets.js";
import { html, useState } from "../ui.js";
import { useAnswer } from "../use_answer.js";
import { filled, readSnippets } from "./snippets.js";
import { valuesOf } from "./values.js";

/** @param {{keys: object[], chosen: string | undefined}} props `chosen`: the id of a snippet */
export function SnippetPanel({ keys, chosen }) {
  const { data, error } = useAnswer(read, []);
  const [token, setToken] = useState("");
  const [keyId, setKeyId] = useState("");
  if (!data) return html`<section class="panel"><h2>Point your client at it</h2><${Problem} error=${error} /></section>`;
  const { info, snippets, targets } = data;
  const own = keys.filter((key) => key.key_file);
  const target = targets.find((each) => each.token === token) ?? targets[0];
  const key = own.find((each) => each.key_id === keyId) ?? own[0];
  const values = valuesOf(info, target, key);
  const snippet = snippets.find(({ id }) => id === chosen) ?? snippets[0];
  const text = filled(snippet.text, snippet.language, values);
  return html`<section class="panel" aria-labelledby="snippets-heading">
    <h2 id="snippets-heading">Point your client at it</h2>
    <${Problem} error=${error} />
    ${!target && html`<p>There is no device token yet: <a href=${href("devices")}>add a phone and install an app</a>.</p>`}
    ${!own.length && html`<p>There is no key whose .p8 is here: make one below.</p>`}
    <div class="inline-form">
      <${SelectField} label="Push to" value=${target?.token ?? ""} set=${setToken} options=${targets.length ? targets.map((each) => [each.token, each.label]) : [["", "nobody yet"]]} />
      <${SelectField} label="Sign with" value=${key?.key_id ?? ""} set=${setKeyId} options=${own.length ? own.map((each) => each.key_id) : [["", "no key yet"]]} />
    </div>
    <${Choices} label="Client" options=${snippets.map(({ id, name }) => [id, name])} value=${snippet.id}
      choose=${async (id) => go(href("clients", [], { client: id }), { replace: true })} />
    ${snippet.needs && html`<p><strong>Needs:</strong> ${snippet.needs}.</p>`}
    <p><strong>To trust the CA:</strong> ${filled(snippet.trust, "shell", values)}.</p>
    <${CodeBlock} text=${text.trimEnd()} label="Snippet" />
  </section>`;
}

async function read(signal) {
  const [info, snippets, devices] = await Promise.all([get("/info", {}, { signal }), readSnippets(signal), get("/devices", {}, { signal })]);
  const environments = Object.fromEntries(devices.map(({ id, environment }) => [id, environment]));
  const targets = targetsOf(devices).filter(({ type }) => type === "alert");
  return { info, snippets, targets: targets.map((each) => ({ ...each, environment: environments[each.device] })) };
}
