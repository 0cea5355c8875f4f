import { expect, test } from "@jest/globals";
import { diskFull } from "./disk-full.js";
import { type Drill, runDrill } from "./drill.js";
import { redirectKilled } from "./redirect-killed.js";
import { replicaGone } from "./replica.js";
import { stateEmptied } from "./state-redis.js";

/** A region needs a moment to serve from memory whatever it is told; longer faults are for `npm run drills`. */
const faultMs = 1_000;

const promises: [string, Drill][] = [
  ["a state Redis that comes back empty costs no code and no scan", stateEmptied],
  ["a replica that is killed and freezes costs no scan", replicaGone],
  ["kill -9 of a region loses no scan that was answered, and doubles none", redirectKilled],
  ["a full disk, also at the start, stops no scan", diskFull],
];

test.each(promises)(
  "%s",
  async (_name, drill) => {
    const reason = drill.unless?.();
    if (reason) return console.log(`${drill.name} is left out: ${reason}`);
    const { scans, rows, lost, doubled, unanswered } = await runDrill(drill, { faultMs });
    expect({ lost, doubled, rows }).toEqual({ lost: 0, doubled: 0, rows: scans + unanswered });
  },
  60_000,
);
