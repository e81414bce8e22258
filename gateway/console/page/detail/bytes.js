/** Payloads are bytes; mostly they are text. */

/** The text, or null when it is no UTF-8. @param {Uint8Array} bytes */
export function exactText(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** For looking at: what is no UTF-8 is shown as replacement characters. @param {Uint8Array} bytes */
export const textOf = (bytes) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);

/** @param {Uint8Array} bytes */
export const base64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
