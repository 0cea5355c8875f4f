import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type Drill, runDrillOn } from "./drill.js";
import { diskFull } from "./redirect/disk-full.js";
import { redirectKilledTwice } from "./redirect/killed.js";
import { type Rig, startRig } from "./rig.js";
import { replicaGone } from "./stores/replica.js";
import { stateEmptied } from "./stores/state-redis.js";

/** A region needs a moment to serve from memory whatever it is told; longer faults are for `npm run drills`. */
const faultMs = 1_000;
/** Some hundred scans a second find what thousands do, and leave the cores to other tests. */
const clients = 4;

// One rig for all: a drill ends when everything is well again.
let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
}, 60_000);
afterAll(() => rig.close());

const promises: [string, Drill][] = [
  ["a state Redis that comes back empty costs no code and no scan", stateEmptied],
  ["a replica that is killed and freezes costs no scan", replicaGone],
  ["kill -9 of a region loses no scan that was answered, and doubles none", redirectKilledTwice],
  ["a full disk, also at the start, stops no scan", diskFull],
];

test.each(promises)(
  "%s",
  async (_name, drill) => {
    const reason = drill.unless?.();
    if (reason) return console.log(`${drill.name} is left out: ${reason}`);
    const { scans, rows, lost, doubled, unanswered } = await runDrillOn(rig, drill, { faultMs, clients });
    expect({ lost, doubled, rows }).toEqual({ lost: 0, doubled: 0, rows: scans + unanswered });
  },
  60_000,
);
