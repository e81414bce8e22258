import apnsim from "./index.js";

export const { ApnsimError, NotInTimeError, UnexpectedPushError, connect, start } = apnsim;
