// One of two regions behind the gateway's nginx is frozen, again and again: its scans are answered by the other one
// after a second, and those that it finds in its connections when it goes on are written down by both and counted once.
import { strict as assert } from "node:assert";
import { setTimeout as pause } from "node:timers/promises";
import { until } from "@qrfactory/processes/until";
import { behindGateway } from "../behind-gateway.js";
import { assertNothingRefused, type Drill } from "../drill.js";

const freezes = 3;
const scansBetween = 200;
const scansMs = 10_000;

/** One of two regions frozen behind nginx for three seconds at a time. */
export const regionFrozen: Drill = {
  name: "region-frozen",
  fault: `One of two regions behind nginx frozen (SIGSTOP) ${freezes} times for 3 s`,
  stack: { regions: 2 },
  load: { pauseMs: 5 },
  faultMs: 3_000,
  front: behindGateway,
  async run({ rig, load, faultMs }) {
    for (let freeze = 0; freeze < freezes; freeze++) {
      const region = rig.regions[freeze % rig.regions.length];
      assert.ok(region);
      region.process.kill("SIGSTOP");
      await pause(faultMs);
      region.process.kill("SIGCONT");
      const before = load.answered.size;
      await until(() => load.answered.size > before + scansBetween, { timeoutMs: scansMs });
    }
    const { answered, refused, p99Ms } = await load.takePhase();
    assertNothingRefused(refused);
    return `${answered} scans, all 302, p99 ${p99Ms.toFixed(0)} ms`;
  },
};
