/** Something that a person does to the gateway, one thing at a time; what goes wrong is kept to be shown. */
import { useCallback, useState } from "./ui.js";

/**
 * @returns {{run: <T>(act: () => Promise<T>) => Promise<T | undefined>, isBusy: boolean,
 *   error: Error | null, forget: () => void}} `run` gives undefined when it went wrong
 */
export function useAct() {
  const [state, setState] = useState({ isBusy: false, error: null });
  const run = useCallback(async (act) => {
    setState({ isBusy: true, error: null });
    try {
      const done = await act();
      setState({ isBusy: false, error: null });
      return done;
    } catch (error) {
      setState({ isBusy: false, error });
      return undefined;
    }
  }, []);
  const forget = useCallback(() => setState({ isBusy: false, error: null }), []);
  return { ...state, run, forget };
}
