/** Apple's push types: what follows the bundle id in their topic, and where their tokens are. */

/** @type {{type: string, suffix: string}[]} */
export const PUSH_TYPES = [
  { type: "alert", suffix: "" },
  { type: "background", suffix: "" },
  { type: "voip", suffix: ".voip" },
  { type: "liveactivity", suffix: ".push-type.liveactivity" },
  { type: "complication", suffix: ".complication" },
  { type: "fileprovider", suffix: ".pushkit.fileprovider" },
  { type: "location", suffix: ".location-query" },
  { type: "pushtotalk", suffix: ".voip-ptt" },
  { type: "widgets", suffix: ".push-type.widgets" },
  { type: "controls", suffix: ".push-type.controls" },
  { type: "mdm", suffix: "" },
];

/** The topic of a push of a type to an app. @param {string} bundleId @param {string} type */
export const topicOf = (bundleId, type) => bundleId + (PUSH_TYPES.find((each) => each.type === type)?.suffix ?? "");
