import apnsim from "./index.js";

export const { connect, start } = apnsim;
export const { ApnsimError, NotInTimeError, NotSettledError, UnexpectedNotificationError } = apnsim;
