/** One of several: radio buttons in a row, as a fieldset. */
import { html, useId } from "../ui.js";

/**
 * @param {{label: string, options: (string | [string, string])[], value: string | null,
 *   choose: (value: string) => void, hint?: string, disabled?: boolean}} props
 *   an option is its value, or value and label
 */
export function Choices({ label, options, value, choose, hint, disabled = false }) {
  const name = useId();
  return html`<fieldset class="choices" disabled=${disabled}>
    <legend>${label}</legend>
    <div class="segments">
      ${options.map((each) => {
        const [word, text] = [each].flat().length === 2 ? each : [each, each];
        return html`<label key=${word}>
          <input type="radio" name=${name} value=${word} checked=${word === value} onChange=${() => choose(word)} />
          <span>${text}</span>
        </label>`;
      })}
    </div>
    ${hint && html`<p class="hint">${hint}</p>`}
  </fieldset>`;
}
