/** `#/rules`: what goes wrong on purpose. */
import { get } from "../api.js";
import { Problem } from "../components/problem.js";
import { QuickPanel } from "../rules/quick_panel.js";
import { RuleForm } from "../rules/rule_form.js";
import { RuleList } from "../rules/rule_list.js";
import { html } from "../ui.js";
import { useAnswer } from "../use_answer.js";

/** Hits are counted by pushes, handshakes and devices: nobody tells of all of them. */
const ASK_SECONDS = 1;

export default function RulesView() {
  const { data, error, again } = useAnswer((signal) => get("/rules", {}, { signal }), [], { everySeconds: ASK_SECONDS });
  return html`<div class="page">
    <${Problem} error=${error} />
    <${QuickPanel} changed=${again} />
    ${data && html`<${RuleList} rules=${data} changed=${again} />`}
    <${RuleForm} changed=${again} />
  </div>`;
}
