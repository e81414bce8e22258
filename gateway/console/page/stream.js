/**
 * Server-sent events by fetch: `EventSource` cannot send the console's bearer token.
 */
import { call } from "./api.js";

/**
 * The events of the gateway, until the stream ends.
 *
 * @param {AbortSignal} signal hangs up
 * @returns {AsyncGenerator<{name: string, data: any}[]>} what has come at once, in order; an empty
 *   list first, when the gateway has begun to listen
 * @throws {import("./api.js").ApiError}
 */
export async function* events(signal) {
  const answer = await call("GET", "/events", { signal, accept: "text/event-stream" });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (true) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (text + value).split("\n\n");
    text = blocks.pop();
    yield blocks.map(parsed).filter(Boolean);
  }
}

/** One event; null for a comment, which only keeps the connection alive. */
function parsed(block) {
  let name = "message";
  let data = "";
  for (const line of block.split("\n")) {
    if (line.startsWith("event: ")) name = line.slice(7);
    else if (line.startsWith("data: ")) data += line.slice(6);
  }
  return data ? { name, data: JSON.parse(data) } : null;
}
