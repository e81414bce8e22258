/** What the API answers, for a view: asked at once, again when told, and now and then while seen. */
import { useCallback, useEffect, useState } from "./ui.js";

/**
 * @template T
 * @param {(signal: AbortSignal) => Promise<T>} ask
 * @param {unknown[]} inputs ask anew when one of them has changed
 * @param {{everySeconds?: number}} [options] not while the page is hidden
 * @returns {{data: T | null, error: Error | null, again: () => void}} the last answer stays while the
 *   next one is asked for, and beside an error
 */
export function useAnswer(ask, inputs, { everySeconds } = {}) {
  const [answer, setAnswer] = useState({ data: null, error: null });
  const [turn, setTurn] = useState(0);
  const again = useCallback(() => setTurn((each) => each + 1), []);

  useEffect(() => {
    const hangUp = new AbortController();
    const keep = (told) => !hangUp.signal.aborted && setAnswer((before) => ({ ...before, error: null, ...told }));
    ask(hangUp.signal).then(
      (data) => keep({ data }),
      (error) => keep({ error }),
    );
    return () => hangUp.abort();
  }, [...inputs, turn]);

  useEffect(() => {
    if (!everySeconds) return undefined;
    const timer = setInterval(() => !document.hidden && again(), everySeconds * 1000);
    return () => clearInterval(timer);
  }, [everySeconds]);

  return { ...answer, again };
}
