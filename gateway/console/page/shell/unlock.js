/** The console demands a token: ask for it. */
import { Button } from "../components/button.js";
import { unlock, wasRefused } from "../session.js";
import { html, useState } from "../ui.js";

export function Unlock() {
  const [token, setToken] = useState("");
  const submit = (event) => {
    event.preventDefault();
    if (token.trim()) unlock(token);
  };
  return html`<form class="unlock" onSubmit=${submit}>
    <h1>This console wants its token</h1>
    <p class="soft">
      It is the value of <code>--console-token</code>. This tab keeps it until it is closed.
    </p>
    <label class="field">
      <span class="label">Console token</span>
      <input
        class="input mono"
        type="password"
        autocomplete="current-password"
        autofocus
        value=${token}
        onInput=${(event) => setToken(event.target.value)}
      />
    </label>
    ${wasRefused.value && html`<p class="error-text" role="alert">That was not it.</p>`}
    <div class="actions"><${Button} label="Unlock" kind="primary" type="submit" /></div>
  </form>`;
}
