// PostgreSQL stands still with every connection open: nobody who scans may notice, and the rows come later.
import { setTimeout as pause } from "node:timers/promises";
import { assertNothingRefused, type Drill } from "../drill.js";

/** PostgreSQL frozen for twenty seconds. */
export const postgresFrozen: Drill = {
  name: "postgres-frozen",
  fault: "PostgreSQL frozen (SIGSTOP of every process) for 20 s",
  stack: { ownPostgres: true },
  faultMs: 20_000,
  async run({ rig, load, faultMs }) {
    rig.postgres?.freeze();
    await pause(faultMs);
    const { answered, refused, p99Ms } = await load.takePhase();
    rig.postgres?.thaw();
    assertNothingRefused(refused);
    return `${answered} scans, all 302, p99 ${p99Ms.toFixed(0)} ms`;
  },
};
