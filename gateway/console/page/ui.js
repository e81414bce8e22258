/** What views are made of: Preact, its hooks and signals, and `html` for markup without a build. */
import { h, render, Fragment } from "preact";
import htm from "htm";

export { h, render, Fragment };
export const html = htm.bind(h);
export { useCallback, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
export { batch, computed, effect, signal, untracked, useComputed, useSignal, useSignalEffect } from "@preact/signals";
