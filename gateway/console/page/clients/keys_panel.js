/** The provider keys that the gateway believes. */
import { del, segment } from "../api.js";
import { Button } from "../components/button.js";
import { Confirm } from "../components/dialog.js";
import { saveAnswer } from "../components/save.js";
import { attempt } from "../components/toast.js";
import { html, useState } from "../ui.js";
import { NewKey } from "./new_key.js";

/** @param {{keys: object[], changed: () => void}} props */
export function KeysPanel({ keys, changed }) {
  const [leaving, setLeaving] = useState(null);
  return html`<section class="panel" aria-labelledby="keys-heading">
    <h2 id="keys-heading">Keys</h2>
    ${keys.length === 0 && html`<p>The gateway believes no key: every push is answered 403 InvalidProviderToken. Make one, or register yours.</p>`}
    <div class="table-scroll" tabindex="0" role="region" aria-label="Table of keys">
      <table>
        <thead><tr><th scope="col">Key id</th><th scope="col">Team</th><th scope="col">For</th><th scope="col">File</th><th scope="col">Do</th></tr></thead>
        <tbody>
          ${keys.map((key) => html`<tr key=${key.key_id}>
            <th scope="row" class="mono">${key.key_id}</th>
            <td class="mono">${key.team_id}</td>
            <td>${scopeOf(key)}</td>
            <td class="mono">${key.key_file ?? "its owner has it"}</td>
            <td><span class="actions">
              ${key.key_file && html`<${Button} label=${`Download AuthKey_${key.key_id}.p8`} icon="download" iconOnly kind="plain" onClick=${() => attempt(() => save(key.key_id))} />`}
              <${Button} label=${`Remove ${key.key_id}`} icon="trash" iconOnly kind="plain" onClick=${() => setLeaving(key)} />
            </span></td>
          </tr>`)}
        </tbody>
      </table>
    </div>
    <${NewKey} changed=${changed} />
    ${leaving &&
    html`<${Confirm} title=${`Remove key ${leaving.key_id}?`} action="Remove it" onClose=${() => setLeaving(null)}
      onConfirm=${() => del(`/keys/${segment(leaving.key_id)}`).then(changed)}>
      What it signs is answered 403 InvalidProviderToken from now on.${leaving.key_file ? " Its file stays where it is." : ""}
    <//>`}
  </section>`;
}

function scopeOf({ kind, environments, topics, related_key_id: related }) {
  const words = [kind, environments?.join(", "), topics?.join(", "), related && `related to ${related}`];
  return words.filter(Boolean).join(", ");
}

const save = (keyId) => saveAnswer(`/keys/${segment(keyId)}/p8`, `AuthKey_${keyId}.p8`);
