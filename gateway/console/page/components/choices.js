/** One of several: radio buttons in a row, as a fieldset. */
import { html, useId, useState } from "../ui.js";

/**
 * What was chosen is shown at once, until `choose` is over and `value` says what has come of it. It is never
 * disabled while the gateway is at it: whoever uses the arrow keys would lose the focus.
 *
 * @param {{label: string, options: (string | [string, string])[], value: string | null,
 *   choose: (value: string) => Promise<unknown>, hint?: string}} props an option is its value, or
 *   value and label
 */
export function Choices({ label, options, value, choose, hint }) {
  const name = useId();
  const [chosen, setChosen] = useState(null);
  const take = async (word) => {
    setChosen(word);
    await choose(word);
    setChosen(null);
  };
  return html`<fieldset class="one-of">
    <legend>${label}</legend>
    <div class="segments">
      ${options.map((each) => {
        const [word, text] = Array.isArray(each) ? each : [each, each];
        return html`<label key=${word}>
          <input type="radio" name=${name} value=${word} checked=${word === (chosen ?? value)} onChange=${() => take(word)} />
          <span>${text}</span>
        </label>`;
      })}
    </div>
    ${hint && html`<p class="hint">${hint}</p>`}
  </fieldset>`;
}
