/** The records that a search wants, as they come and go. */
import { now } from "../clock.js";
import { deviceName, devices } from "../device_names.js";
import { newestFirst, revision } from "../journal.js";
import { matcher } from "../search/match.js";
import { parse } from "../search/query.js";
import { useMemo } from "../ui.js";

/**
 * @param {string} text the search
 * @param {(record: import("../record.js").JournalRecord) => boolean} isOfView
 */
export function useFound(text, isOfView) {
  const { terms, mistakes } = useMemo(() => parse(text), [text]);
  const hasTime = terms.some(({ seconds }) => seconds !== undefined);
  // Only a search by time changes as time goes by.
  const at = hasTime ? now.value : now.peek();
  const records = useMemo(() => {
    const all = newestFirst().filter(isOfView);
    if (!terms.length) return all;
    const matches = matcher(terms);
    const around = { now: at, deviceName: (id) => deviceName(id).toLowerCase() };
    return all.filter((record) => matches(record, around));
  }, [revision.value, devices.value, terms, hasTime ? at : 0, isOfView]);
  return { records, mistakes };
}
