// Codes that no snapshot holds yet: every region is killed together with every Redis, and started again alone. The
// region has to know again, from its journal, every code that it ever knew.
import { strict as assert } from "node:assert";
import { createCode } from "@qrfactory/db/codes/creation";
import { until } from "@qrfactory/processes/until";
import type { Drill } from "../drill.js";
import type { Region } from "../region.js";
import { drillActor, type Rig } from "../rig.js";

const codesMade = 50;

/** Codes newer than any snapshot, asked for after the region has lost all but its journal. */
export const newestCodes: Drill = {
  name: "newest-codes",
  fault: `${codesMade} codes created, then every region and every Redis killed at once; the regions started alone`,
  // No snapshot comes in time to help.
  stack: { regions: 2, snapshotSeconds: 3_600 },
  cuts: 1,
  faultMs: 0,
  async run({ rig, load }) {
    const shortIds = await makeCodes(rig);
    for (const region of rig.regions) {
      await until(async () => (await countServed(region, shortIds)) === codesMade, { timeoutMs: 10_000 });
    }
    for (const { process } of rig.regions) process.kill("SIGKILL");
    await Promise.all([
      rig.state.kill(),
      ...rig.regions.flatMap(({ process, replica }) => [process.exited, replica.kill()]),
    ]);
    await Promise.all(rig.regions.map((region) => region.start()));
    const served: number[] = [];
    const unknown = new Set<number>();
    for (const region of rig.regions) {
      served.push(await countServed(region, shortIds));
      unknown.add(await statusOf(region, "NO-SUCH-CODE"));
    }
    assert.deepEqual(served, [codesMade, codesMade], "every code of before leads on");
    assert.deepEqual([...unknown], [503], "nobody can say what does not exist");
    await load.takePhase();
    await Promise.all([rig.state.restart(), ...rig.regions.map(({ replica }) => replica.restart())]);
    return `${served.join(" and ")} × 302 in the two regions; an unknown code 503, not 404`;
  },
};

async function makeCodes({ db, workspaceId }: Rig): Promise<string[]> {
  const shortIds = Array.from({ length: codesMade }, (_, n) => `NEWEST-${n}`);
  for (const shortId of shortIds) {
    const code = { name: shortId, shortId, destinationUrl: `https://example.com/${shortId}` };
    await db.$transaction((tx) => createCode(tx, workspaceId, code, drillActor));
  }
  return shortIds;
}

async function countServed(region: Region, shortIds: readonly string[]): Promise<number> {
  const statuses = await Promise.all(shortIds.map((shortId) => statusOf(region, shortId)));
  return statuses.filter((status) => status === 302).length;
}

/** Of a HEAD, which counts nothing. */
async function statusOf({ url }: Region, shortId: string): Promise<number> {
  return (await fetch(`${url}/q/${shortId}`, { method: "HEAD", redirect: "manual" })).status;
}
