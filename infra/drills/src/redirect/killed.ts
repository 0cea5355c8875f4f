// The region is killed in the middle of its work, again and again: a client that got its 302 finds its scan in the
// ledger, once. Scans that were written down while their answer was on its way are counted, too; those are told apart.
import { strict as assert } from "node:assert";
import { until } from "@qrfactory/processes/until";
import type { Drill } from "../drill.js";

const scansBetween = 300;

const killed = (kills: number): Drill => ({
  name: "redirect-killed",
  fault: `\`kill -9\` of a region under load, ${kills} times`,
  load: { pauseMs: 2 },
  cuts: kills,
  faultMs: 0,
  async run({ rig, load }) {
    const [region] = rig.regions;
    assert.ok(region);
    const downMs: number[] = [];
    for (let kill = 0; kill < kills; kill++) {
      const before = load.answered.size;
      await until(() => load.answered.size > before + scansBetween, { timeoutMs: 10_000 });
      const killedAt = performance.now();
      region.process.kill("SIGKILL");
      await region.process.exited;
      await region.start();
      downMs.push(performance.now() - killedAt);
    }
    const { answered, refused } = await load.takePhase();
    assert.deepEqual(
      Object.keys(refused).filter((why) => !/^E|socket hang up/.test(why)),
      [],
    );
    return `${answered} scans 302, refused only while down (${Math.max(...downMs).toFixed(0)} ms at most)`;
  },
});

/** A region killed five times in a run. */
export const redirectKilled = killed(5);
/** For every run of the tests: the first kill meets a fresh spool, the second one that was recovered. */
export const redirectKilledTwice = killed(2);
