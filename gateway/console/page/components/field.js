/** Inputs with their names, a hint, and what is wrong with what was written. */
import { html, useId } from "../ui.js";

/**
 * @param {object} props
 * @param {string} props.label
 * @param {string | number} props.value
 * @param {(value: string) => void} props.set
 * @param {string} [props.hint]
 * @param {string} [props.mistake] what is wrong with it
 * The rest goes to the element: type, required, placeholder, min….
 */
export function TextField({ label, value, set, hint, mistake, multiline = false, ...rest }) {
  const id = useId();
  const common = { id, class: "input", value, "aria-invalid": mistake ? "true" : undefined, "aria-describedby": `${id}-hint` };
  const onInput = (event) => set(event.currentTarget.value);
  return html`<div class="field">
    <label class="label" for=${id}>${label}</label>
    ${multiline
      ? html`<textarea ...${common} ...${rest} spellcheck=${false} onInput=${onInput}></textarea>`
      : html`<input autocomplete="off" spellcheck=${false} ...${common} ...${rest} onInput=${onInput} />`}
    <${Beside} id=${`${id}-hint`} hint=${hint} mistake=${mistake} />
  </div>`;
}

/**
 * @param {object} props
 * @param {(string | [string, string])[]} props.options a value, or a value and what it is called
 */
export function SelectField({ label, value, set, options, hint, mistake, ...rest }) {
  const id = useId();
  return html`<div class="field">
    <label class="label" for=${id}>${label}</label>
    <select id=${id} class="input" value=${value} aria-describedby=${`${id}-hint`} aria-invalid=${mistake ? "true" : undefined}
      ...${rest} onChange=${(event) => set(event.currentTarget.value)}>
      ${options.map((each) => {
        const [word, text] = Array.isArray(each) ? each : [each, each];
        return html`<option key=${word} value=${word} selected=${word === value}>${text}</option>`;
      })}
    </select>
    <${Beside} id=${`${id}-hint`} hint=${hint} mistake=${mistake} />
  </div>`;
}

function Beside({ id, hint, mistake }) {
  return html`<span id=${id} class=${mistake ? "error-text" : "hint"}>${mistake || hint}</span>`;
}
