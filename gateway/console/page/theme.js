/** Light or dark: as the system has it, until the person says otherwise. */
import { effect, signal } from "./ui.js";

const KEY = "apnsim.theme";
export const THEMES = ["system", "light", "dark"];

export const theme = signal(stored());

effect(() => {
  document.documentElement.dataset.theme = theme.value;
  localStorage.setItem(KEY, theme.value);
});

function stored() {
  const found = localStorage.getItem(KEY);
  return THEMES.includes(found) ? found : "system";
}
