/** What the linter says of a push while it is written. */
import { post } from "../api.js";
import { useEffect, useState } from "../ui.js";

/** Nobody is asked while somebody types. */
const PAUSE_MS = 250;

/** @param {{path: string, headers: object, raw_payload: string}} request @returns {{report: object | null, error: Error | null}} */
export function useLint(request) {
  const [told, setTold] = useState({ report: null, error: null });
  const text = JSON.stringify(request);
  useEffect(() => {
    let isOver = false;
    const timer = setTimeout(() => {
      post("/lint", { ...request, whole: true }).then(
        (report) => !isOver && setTold({ report, error: null }),
        (error) => !isOver && setTold({ report: null, error }),
      );
    }, PAUSE_MS);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [text]);
  return told;
}
