/** The push in short: to whom, as what, until when. */
import { CopyButton } from "../components/copy.js";
import { Ago, Moment } from "../components/time.js";
import { deviceName } from "../device_names.js";
import { href } from "../router.js";
import { html } from "../ui.js";

const PRIORITIES = { 10: "immediately", 5: "power considered", 1: "power before all else" };

export function Facts({ story, record }) {
  const facts = [
    ["Topic", story.topic ?? record.topic],
    ["Push type", story.push_type ?? record.type],
    ["Device", story.device && html`<a href=${href("devices", [story.device])}>${deviceName(story.device)}</a>`],
    ["Token", record.token && html`<${Copied} text=${record.token} what="token" />`],
    ["Channel", story.channel_id && html`<${Copied} text=${story.channel_id} what="channel id" />`],
    ["Reached", story.audience && reached(story.audience)],
    ["Priority", story.priority && `${story.priority}: ${PRIORITIES[story.priority] ?? ""}`],
    ["Collapse id", story.collapse_id],
    ["Expires", story.expires_at && expiry(story)],
    ["apns-id", html`<${Copied} text=${story.apns_id} what="apns-id" />`],
    ["apns-unique-id", story.apns_unique_id && html`<${Copied} text=${story.apns_unique_id} what="apns-unique-id" />`],
    ["Connection", story.connection ? html`<a href=${href("connections", [], { q: story.connection })}>${story.connection}</a>` : "accepted before this gateway started"],
  ];
  return html`<section class="part" aria-labelledby="facts">
    <h3 id="facts">Push</h3>
    <dl class="known">
      ${facts.map(([name, value]) => value && html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}
    </dl>
  </section>`;
}

function Copied({ text, what }) {
  return html`<span class="copied"><code>${text}</code><${CopyButton} text=${text} label=${`Copy ${what}`} iconOnly kind="plain" /></span>`;
}

function expiry({ expires_at: at, received_at: received }) {
  if (at <= received) return "at once: tried once, never stored";
  return html`<${Moment} at=${at} /> <span class="soft">(<${Ago} at=${at} />)</span>`;
}

function reached({ delivered, subscribers }) {
  return `${delivered} of ${subscribers} devices that were connected`;
}
