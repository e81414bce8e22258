/** The view of the current address, loaded when it is first wanted. */
import { Empty } from "../components/empty.js";
import { place } from "../router.js";
import { html, useEffect, useState } from "../ui.js";
import { VIEWS } from "../views.js";

/** @type {Map<string, Function>} */
const loaded = new Map();

/** The entry of the current view; undefined where there is none. */
export const currentEntry = () => VIEWS.find(({ name }) => name === place.value.view);

export function View() {
  const { view, segments, query } = place.value;
  const [, setArrived] = useState(0);
  const [error, setError] = useState("");
  const entry = currentEntry();
  useEffect(() => {
    setError("");
    if (!entry || loaded.has(view)) return;
    entry
      .load()
      .then((module) => loaded.set(view, module.default))
      .catch((failure) => setError(failure.message))
      .finally(() => setArrived((count) => count + 1));
  }, [view]);
  if (!entry) return html`<${Empty} title="There is no such view">The address <code>${location.hash}</code> leads nowhere.<//>`;
  if (error) return html`<${Empty} title="This view could not be loaded">${error}<//>`;
  const Component = loaded.get(view);
  return Component && html`<${Component} key=${view} segments=${segments} query=${query} />`;
}
