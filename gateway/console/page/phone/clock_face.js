/** The time and the day as a phone shows them, in the reader's time zone. */

const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });

/** "22:14". @param {number} now UNIX seconds */
export const timeOf = (now) => TIME.format(now * 1000);
/** "Thursday, 26 November". @param {number} now UNIX seconds */
export const dayOf = (now) => DAY.format(now * 1000);
