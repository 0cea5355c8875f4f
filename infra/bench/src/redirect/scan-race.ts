// Parts of every race of scans: its result, the paths that are asked for, the warm-up, and the median of its loads.
import type { Load } from "./load-generator.js";
import { shortIdOf } from "./process.js";

/** Loads that were measured in one run, and notes for the table. */
export type ScanRace = { title: string; loads: (Load & { name: string })[]; notes: string[] };

/** Seconds of load that are not counted, before those that are. */
export const warmUpSeconds = 2;
/** Codes that are asked for: enough that nothing of them stays in the processor's caches. */
const pathCount = 20_000;

/** Paths of codes all over a table. */
export const pathsOf = (count: number) =>
  Array.from({ length: Math.min(count, pathCount) }, (_, i) => `/q/${shortIdOf((i * 7919) % count)}`);

/** The item whose figure is in the middle. */
export function medianOf<Item>(items: Item[], figure: (item: Item) => number): Item {
  return [...items].sort((a, b) => figure(a) - figure(b))[items.length >> 1] as Item;
}
