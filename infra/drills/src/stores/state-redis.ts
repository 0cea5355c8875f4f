// The primary state Redis is gone, stands still, or comes back with nothing in it: known codes are served from memory,
// scans wait on disk, and what Redis has forgotten is published and shipped again.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { until } from "@qrfactory/processes/until";
import { assertNothingRefused, type Drill, type Stage } from "../drill.js";

/** Management's heartbeat comes every second and is old after five; the region has to say so. */
const noticedMsMax = 8_000;

/** Waits as long as the fault is to last, at least until the region calls itself degraded; no scan may be refused. */
async function watch(stage: Stage): Promise<string> {
  const isNoticed = async () => {
    for (const region of stage.rig.regions) if ((await region.status()).status !== "degraded") return false;
    return true;
  };
  const noticed = until(isNoticed, { timeoutMs: noticedMsMax, what: "The word degraded in the status" });
  const [seen] = await Promise.all([served(stage), noticed]);
  return `${seen}; status says degraded`;
}

/** Waits as long as the fault is to last; no scan may be refused. */
async function served({ load, faultMs }: Stage): Promise<string> {
  await pause(faultMs);
  const { answered, refused, p99Ms } = await load.takePhase();
  assertNothingRefused(refused);
  return `${answered} scans, all 302, p99 ${p99Ms.toFixed(0)} ms`;
}

/** The primary state Redis killed and started again on its data after five seconds. */
export const stateKilled: Drill = {
  name: "state-killed",
  fault: "Primary state Redis killed, back after 5 s",
  faultMs: 5_000,
  async run(stage) {
    await stage.rig.state.kill();
    const seen = await watch(stage);
    await stage.rig.state.restart();
    return seen;
  },
};

/** The primary state Redis frozen for ten seconds. */
export const stateFrozen: Drill = {
  name: "state-frozen",
  fault: "Primary state Redis frozen for 10 s",
  faultMs: 10_000,
  async run(stage) {
    stage.rig.state.freeze();
    const seen = await watch(stage);
    stage.rig.state.thaw();
    return seen;
  },
};

/** The primary state Redis started again without its data. */
export const stateEmptied: Drill = {
  name: "state-emptied",
  fault: "Primary state Redis restarted empty, its replicas emptied after it",
  // An emptied Redis is filled again within a second or two, perhaps before anybody has noticed.
  faultMs: 2_000,
  async run(stage) {
    const { rig } = stage;
    await rig.state.kill();
    rmSync(join(rig.directory, "state", "appendonlydir"), { recursive: true });
    await rig.state.restart();
    return served(stage);
  },
};
