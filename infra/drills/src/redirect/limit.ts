// A code that is made for a number of scans, in several regions at once: each knows its own scans at once and those of
// the others when they are published, so together they go over the limit, by how much is told here.
import { strict as assert } from "node:assert";
import { createCode } from "@qrfactory/db/codes/creation";
import { until } from "@qrfactory/processes/until";
import type { Drill } from "../drill.js";
import { startLoad } from "../load.js";
import { drillActor, type Rig } from "../rig.js";

const regions = 3;
const maxScans = 1_500;
const clients = 12;
/** Regions hear of each other's scans so soon: taken in each tenth of a second, looked for each second. */
const publishedMsMax = 2_500;
const patienceMs = 30_000;

/** Scans of a code with a limit, by all regions at once; then again while no count is published. */
export const limit: Drill = {
  name: "limit",
  fault: `A limit of ${maxScans} scans in ${regions} regions at once; again with the worker frozen (SIGSTOP)`,
  faultMs: 0,
  stack: { regions },
  load: { clients: 4 },
  async run({ rig }) {
    const usual = await useUp(rig, "LIMIT-1", []);
    assert.ok(usual.over <= usual.perSecond * (publishedMsMax / 1_000), `${usual.over} scans over the limit`);
    const frozen = await useUp(rig, "LIMIT-2", [rig.worker]);
    // Each region answers as many as it was made for, and not one more.
    assert.equal(frozen.over, (regions - 1) * maxScans);
    const ms = Math.round((usual.over / usual.perSecond) * 1_000);
    return (
      `${usual.over} over at ${Math.round(usual.perSecond)} scans a second, what ${ms} ms bring; ` +
      `${frozen.over} with the worker frozen`
    );
  },
};

/** Scans a new code in all regions until none leads on any more; some processes are frozen meanwhile. */
async function useUp(rig: Rig, shortId: string, freezing: Rig["worker"][]) {
  const code = { name: shortId, shortId, destinationUrl: "https://example.com/limited", maxScans };
  await rig.db.$transaction((tx) => createCode(tx, rig.workspaceId, code, drillActor));
  const urls = rig.regions.map(({ url }) => url);
  const areAll = (status: number) => async () => {
    const answers = await Promise.all(
      urls.map((url) => fetch(`${url}/q/${shortId}`, { method: "HEAD", redirect: "manual" })),
    );
    return answers.every((answer) => answer.status === status);
  };
  await until(areAll(302), { timeoutMs: patienceMs, what: "The code in every region" });
  for (const process of freezing) process.kill("SIGSTOP");
  const load = startLoad({ urls, shortIds: [shortId], clients });
  const startedAt = performance.now();
  let usedUpAfterMs = 0;
  try {
    await until(async () => load.answered.size >= maxScans, {
      timeoutMs: patienceMs,
      what: "The last scan of the limit",
    });
    usedUpAfterMs = performance.now() - startedAt;
    await until(areAll(410), { timeoutMs: patienceMs, what: "The end of the code in every region" });
  } finally {
    await load.stop();
    for (const process of freezing) process.kill("SIGCONT");
  }
  const { size } = load.answered;
  const isCounted = async () =>
    (await rig.db.dynamicCode.findUnique({ where: { shortId } }))?.scanCount === BigInt(size);
  await until(isCounted, { timeoutMs: patienceMs, what: `${size} counted scans` });
  return { over: size - maxScans, perSecond: (maxScans / usedUpAfterMs) * 1_000 };
}
