/** The bar on top: where one is, whether the page is live, and what concerns all views. */
import { Button } from "../components/button.js";
import { feed } from "../feed.js";
import { ClockBar } from "../time/clock_bar.js";
import { html } from "../ui.js";

const WORDS = {
  connecting: "Connecting",
  live: "Live",
  behind: "Catching up",
  away: "Not connected",
};

export function Bar({ title, onMenu, onHelp, onReset }) {
  return html`<header class="bar">
    <span class="menu-button"><${Button} label="Views" icon="menu" iconOnly kind="plain" onClick=${onMenu} /></span>
    <h1>${title}</h1>
    <${ClockBar} />
    <span class="feed-state ${feed.value}" role="status">${WORDS[feed.value]}</span>
    <${Button} label="Reset" icon="trash" iconOnly kind="plain" onClick=${onReset} />
    <${Button} label="Keyboard and search" icon="help" iconOnly kind="plain" onClick=${onHelp} />
  </header>`;
}
