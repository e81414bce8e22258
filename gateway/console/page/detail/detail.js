/** One record with all that is known of it. */
import { call, get, segment } from "../api.js";
import { Problem } from "../components/problem.js";
import { StateBadge, StatusBadge } from "../components/badge.js";
import { Ago, Moment } from "../components/time.js";
import { fromPush, fromRequest, summary } from "../record.js";
import { record as kept, revision } from "../journal.js";
import { html } from "../ui.js";
import { useAnswer } from "../use_answer.js";
import { Actions } from "./actions.js";
import { Answer } from "./answer.js";
import { Facts } from "./facts.js";
import { Findings } from "./findings.js";
import { Headers } from "./headers.js";
import { Others } from "./others.js";
import { Payload } from "./payload.js";
import { Timeline } from "./timeline.js";

/**
 * @param {object} props
 * @param {string} props.apnsId
 * @param {number | null} props.number which of several with this apns-id
 * @param {string} props.view where links to others stay
 */
export function Detail({ apnsId, number, view }) {
  revision.value;
  const live = number === null ? undefined : kept(number);
  const path = `/notifications/${segment(apnsId)}`;
  // What the list has heard since is news for the detail, too.
  const { data: story, error } = useAnswer((signal) => get(path, { number }, { signal }), [path, number, live]);
  const bytes = useAnswer((signal) => payloadOf(path, number, signal), [path, number]);
  if (!story) return error ? html`<div class="detail"><${Problem} error=${error} /></div>` : html`<p class="detail soft">Reading …</p>`;
  const record = story.request && !story.apns_unique_id ? fromRequest(story.request) : fromPush(story);
  return html`<article class="detail">
    <header class="detail-head">
      <p><${StateBadge} state=${story.state} /> <${StatusBadge} status=${story.answer.status} reason=${story.answer.reason} /></p>
      <h2>${summary(record) || "(no payload)"}</h2>
      <p class="soft small"><${Moment} at=${story.received_at} /> · <${Ago} at=${story.received_at} /></p>
    </header>
    <${Actions} story=${story} record=${record} bytes=${bytes.data} />
    <${Problem} error=${error} />
    <${Timeline} timeline=${story.timeline} />
    <${Findings} findings=${story.findings} />
    <${Facts} story=${story} record=${record} />
    <${Payload} story=${story} bytes=${bytes.data} />
    <${Headers} request=${story.request} />
    <${Answer} answer=${story.answer} />
    <${Others} others=${story.others} apnsId=${story.apns_id} view=${view} />
  </article>`;
}

async function payloadOf(path, number, signal) {
  const answer = await call("GET", `${path}/payload`, { query: { number }, signal, accept: "*/*" });
  return new Uint8Array(await answer.arrayBuffer());
}
