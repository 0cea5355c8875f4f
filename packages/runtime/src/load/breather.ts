// Long work on the event loop in slices: between two of them others are answered.
import { setImmediate } from "node:timers/promises";

/** A slice: far below what a person or a deadline notices, far above what a turn of the loop costs. */
const sliceMsDefault = 2;

/** To be awaited between small steps: lets others have their turn once a slice of time is used up. */
export type Breathe = () => Promise<void>;

/** Makes the function for one piece of long work. */
export function makeBreather(sliceMs = sliceMsDefault): Breathe {
  let since = performance.now();
  return async function breathe() {
    if (performance.now() - since < sliceMs) return;
    await setImmediate();
    since = performance.now();
  };
}
