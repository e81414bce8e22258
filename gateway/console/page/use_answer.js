/**
 * What the API answers, for a view: asked at once, again when told and when the gateway is back or was
 * reset, and now and then while seen.
 */
import { on } from "./feed.js";
import { useCallback, useEffect, useRef, useState } from "./ui.js";

/**
 * One question at a time: whoever asks again while an answer is on its way gets one more after it, so
 * that a slow gateway is not asked ever faster, and its answers arrive.
 *
 * @template T
 * @param {(signal: AbortSignal) => Promise<T>} ask
 * @param {unknown[]} inputs ask anew when one of them has changed
 * @param {{everySeconds?: number}} [options] not while the page is hidden
 * @returns {{data: T | null, error: Error | null, again: () => Promise<void>}} the last answer stays
 *   while the next one is asked for, and beside an error; `again` is over when an answer asked for since is here
 */
export function useAnswer(ask, inputs, { everySeconds } = {}) {
  const [answer, setAnswer] = useState({ data: null, error: null });
  const current = useRef(() => {});

  useEffect(() => {
    const hangUp = new AbortController();
    let asking = null;
    let isWanted = false;
    const askWhileWanted = async () => {
      while (isWanted) {
        isWanted = false;
        const told = await ask(hangUp.signal).then(
          (data) => ({ data, error: null }),
          (error) => ({ error }),
        );
        if (hangUp.signal.aborted) return;
        setAnswer((before) => ({ ...before, ...told }));
      }
      asking = null;
    };
    const askNow = () => {
      isWanted = true;
      asking ??= askWhileWanted();
      return asking;
    };
    const timer = everySeconds ? setInterval(() => !document.hidden && !asking && askNow(), everySeconds * 1000) : null;
    const stops = [on("started", ({ isAnew }) => isAnew && askNow()), on("forgotten", askNow)];
    current.current = askNow;
    askNow();
    return () => {
      hangUp.abort();
      clearInterval(timer);
      stops.forEach((stop) => stop());
    };
  }, [...inputs, everySeconds]);

  const again = useCallback(() => current.current(), []);
  return { ...answer, again };
}
