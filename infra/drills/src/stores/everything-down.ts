// PostgreSQL, every Redis and the region itself are killed. The region alone is started again: it has to serve from its
// snapshot within two seconds, and to deliver what lay in its spool once the others are back.
import { strict as assert } from "node:assert";
import { setTimeout as pause } from "node:timers/promises";
import { until } from "@qrfactory/processes/until";
import { assertNothingRefused, type Drill } from "../drill.js";

const firstScanMsMax = 2_000;

/** All processes killed; the region starts alone for five seconds. */
export const everythingDown: Drill = {
  name: "everything-down",
  fault: "Everything killed, the region started from its snapshot alone for 5 s",
  stack: { ownPostgres: true },
  cuts: 1,
  faultMs: 5_000,
  async run({ rig, load, faultMs }) {
    const [region] = rig.regions;
    assert.ok(region);
    await Promise.all([rig.postgres?.kill(), rig.state.kill(), region.replica.kill()]);
    region.process.kill("SIGKILL");
    await region.process.exited;

    const startedAt = performance.now();
    const listening = region.start();
    await until(() => fetch(`${region.url}/q/${rig.shortIds[0]}`, { method: "HEAD", redirect: "manual" }), {
      timeoutMs: 30_000,
    });
    const firstScanMs = performance.now() - startedAt;
    await listening;
    assert.ok(firstScanMs < firstScanMsMax, `the first scan after the start took ${firstScanMs} ms`);
    await load.takePhase();
    await pause(faultMs);
    const { answered, refused } = await load.takePhase();
    assertNothingRefused(refused);
    await Promise.all([rig.restartPostgres(), rig.state.restart(), region.replica.restart()]);
    return `first 302 ${firstScanMs.toFixed(0)} ms after the start, then ${answered} scans, all 302`;
  },
};
