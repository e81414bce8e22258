/** An empty list says why it is empty, and what to do. */
import { get } from "../api.js";
import { Button } from "../components/button.js";
import { Empty } from "../components/empty.js";
import { href } from "../router.js";
import { html, useEffect, useState } from "../ui.js";
import { VIEWS } from "../views.js";

export function Nothing({ label, search, isLoading, onClear }) {
  const [url, setUrl] = useState("");
  useEffect(() => {
    get("/info").then((info) => setUrl(info.provider_url)).catch(() => {});
  }, []);
  if (isLoading) return html`<p class="empty" aria-busy="true">Reading …</p>`;
  if (search) {
    return html`<${Empty} title="Nothing matches">
      <p>No record is found by <code>${search}</code>.</p>
      <${Button} label="Clear the search" onClick=${onClear} />
    <//>`;
  }
  return html`<${Empty} title="Nothing yet">
    <p>Point your client at ${url ? html`<code>${url}</code>` : "the provider port"}; ${label.toLowerCase()} appear here as they come.</p>
    <p class="actions">
      ${LEADS.filter(({ name }) => VIEWS.some((view) => view.name === name)).map(
        ({ name, words }) => html`<a key=${name} class="button" href=${href(name)}>${words}</a>`,
      )}
    </p>
  <//>`;
}

const LEADS = [
  { name: "clients", words: "How to point a client here" },
  { name: "send", words: "Send a push from here" },
];
