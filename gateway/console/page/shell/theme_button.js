/** Light, dark, or as the system has it. */
import { Button } from "../components/button.js";
import { THEMES, theme } from "../theme.js";
import { html } from "../ui.js";

const LOOKS = {
  system: { label: "Theme: system", icon: "contrast" },
  light: { label: "Theme: light", icon: "sun" },
  dark: { label: "Theme: dark", icon: "moon" },
};

export function ThemeButton() {
  const next = () => {
    theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length];
  };
  return html`<${Button} ...${LOOKS[theme.value]} kind="plain" onClick=${next} />`;
}
