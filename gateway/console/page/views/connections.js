/** `#/connections`: who is connected now, on both sides. */
import { get } from "../api.js";
import { now } from "../clock.js";
import { TextField } from "../components/field.js";
import { Problem } from "../components/problem.js";
import { Couriers, Providers, connectionName } from "../connections/tables.js";
import { deviceName } from "../device_names.js";
import { go, href } from "../router.js";
import { html } from "../ui.js";
import { useAnswer } from "../use_answer.js";

const ASK_SECONDS = 1;
/** More rows than anybody reads; the search finds the others. */
const SHOWN = 100;

/** @param {{query: Record<string, string>}} props */
export default function Connections({ query }) {
  const { data, error } = useAnswer((signal) => get("/connections", {}, { signal }), [], { everySeconds: ASK_SECONDS });
  const words = (query.q ?? "").toLowerCase();
  const providers = (data?.provider ?? []).filter((each) => has(words, connectionName(each), each));
  const links = (data?.courier ?? []).filter((each) => has(words, deviceName(each.device), each));
  return html`<div class="page">
    <${Problem} error=${error} />
    <${TextField} label="Find by device, address, team or key" type="search" value=${query.q ?? ""} set=${search} />
    <section class="panel" aria-labelledby="providers-heading">
      <h2 id="providers-heading">Providers${counted(providers)}</h2>
      ${data && providers.length === 0 && html`<p class="soft">No provider is connected${words && " that is called so"}.
        Point a client at it: <a href=${href("clients")}>how</a>.</p>`}
      ${providers.length > 0 && html`<${Providers} connections=${providers.slice(0, SHOWN)} />`}
    </section>
    <section class="panel" aria-labelledby="links-heading">
      <h2 id="links-heading">Links of devices${counted(links)}</h2>
      ${data && links.length === 0 && html`<p class="soft">No device has a link${words && " that is called so"}. <a href=${href("devices")}>Devices</a></p>`}
      ${links.length > 0 && html`<${Couriers} links=${links.slice(0, SHOWN)} now=${now.value} />`}
    </section>
  </div>`;
}

const search = (q) => go(href("connections", [], { q }), { replace: true });

const counted = ({ length }) => (length > SHOWN ? `: the first ${SHOWN} of ${length}` : length ? `: ${length}` : "");

function has(words, name, connection) {
  return !words || JSON.stringify([name, ...Object.values(connection)]).toLowerCase().includes(words);
}
