// A region's own Redis replica is killed, then stands still: it is read in the background only, so no scan waits for
// it.
import { setTimeout as pause } from "node:timers/promises";
import { assertNothingRefused, type Drill } from "../drill.js";

/** A region's replica killed and frozen for three seconds each. */
export const replicaGone: Drill = {
  name: "replica-gone",
  fault: "Regional replica killed for 3 s, then frozen for 3 s",
  faultMs: 3_000,
  async run({ rig, load, faultMs }) {
    for (const { replica } of rig.regions) {
      await replica.kill();
      await pause(faultMs);
      await replica.restart();
      replica.freeze();
      await pause(faultMs);
      replica.thaw();
    }
    const { answered, refused, p99Ms } = await load.takePhase();
    assertNothingRefused(refused);
    return `${answered} scans, all 302, p99 ${p99Ms.toFixed(0)} ms`;
  },
};
