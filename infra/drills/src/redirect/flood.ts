// Thousands of scans of unknown codes with headers as long as they may be, ten thousand clients that never finish their
// request, and nine scans of ten on one code, all at once: the scans of others take as long as ever, and nothing of it
// reaches Redis.
import { strict as assert } from "node:assert";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { startScript } from "@qrfactory/processes/process";
import { Redis } from "ioredis";
import { assertNothingRefused, type Drill } from "../drill.js";

const slowClients = 10_000;
const p99MsMax = 50;
/** Shipping and ingest vary; a command for each scan that is not found would be ten times as many. */
const commandsRatioMax = 1.5;
const baselineMs = 3_000;
const connectTimeoutMs = 30_000;

/** A flood of unknown codes, slow clients and one hot code beside the usual load. */
export const flood: Drill = {
  name: "flood",
  fault:
    "2,000 unknown codes a second with 16 kB of hostile headers, 10,000 slow clients, " +
    "90 % of scans on one code, for 8 s",
  load: { hot: true },
  // Shorter than the 10 s after which a slow client is cut.
  faultMs: 8_000,
  async run({ rig, load, faultMs }) {
    const [region] = rig.regions;
    const [shortId] = rig.shortIds;
    assert.ok(region && shortId);
    const replica = new Redis(region.replica.url);
    const countCommands = async () => Number(/total_commands_processed:(\d+)/.exec(await replica.info("stats"))?.[1]);
    /** Commands a second at the region's replica, those that it repeats after its primary among them. */
    const commandsWithin = async (ms: number) => {
      const before = await countCommands();
      await pause(ms);
      return ((await countCommands()) - before) / (ms / 1000);
    };
    const baseline = await commandsWithin(baselineMs);
    const script = fileURLToPath(new URL("./flood-main.js", import.meta.url));
    const args = [new URL(region.url).port, String(slowClients), shortId];
    const flooding = await startScript(script, { args });
    await flooding.waitForLine(/^flooding$/, connectTimeoutMs);

    await load.takePhase();
    const perSecond = await commandsWithin(faultMs);
    const { answered, refused, p99Ms } = await load.takePhase();
    await flooding.stop();
    replica.disconnect();
    const [, unknown, hostile] = /not found: (\d+), led on: (\d+)/.exec(flooding.lastLines().join("\n")) ?? [];
    assertNothingRefused(refused);
    assert.ok(p99Ms < p99MsMax, `p99 of the others was ${p99Ms} ms`);
    const work = `${perSecond.toFixed(0)} commands a second at the replica, ${baseline.toFixed(0)} before`;
    assert.ok(perSecond < baseline * commandsRatioMax, work);
    return (
      `${answered} scans, all 302, p99 ${p99Ms.toFixed(0)} ms, beside ${unknown} answers 404 and ${hostile} ` +
      `hostile scans; ${work}`
    );
  },
};
