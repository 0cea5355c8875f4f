// The disk of a region's spool is full, under way and at a start: scans are answered all the same, held in memory and
// called at risk, and written as soon as there is room.
import { strict as assert } from "node:assert";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { until } from "@qrfactory/processes/until";
import { assertNothingRefused, type Drill } from "../drill.js";
import type { Region } from "../region.js";
import type { Rig } from "../rig.js";
import { diskRefusal, fill, mountDisk } from "../small-disk.js";

const regionName = "region-on-disk";
const diskOf = (rig: Rig) => join(rig.directory, "disk");

const scansAtRisk = async (region: Region) => Number((await region.status()).components.spool?.scans_at_risk);

/** The disk of a spool, a small one of its own, is filled under load and before a start. */
export const diskFull: Drill = {
  name: "disk-full",
  fault: "Disk of the spool full for 3 s under load, and again from before a start",
  stack: { regions: 0 },
  faultMs: 3_000,
  unless: diskRefusal,
  async front(rig) {
    const disk = diskOf(rig);
    mkdirSync(disk);
    const unmount = mountDisk(disk, 8);
    rig.onClose(async () => unmount());
    const region = await rig.addRegion({ name: regionName, spoolDirectory: join(disk, "spool") });
    return [region.url];
  },
  async run({ rig, load, faultMs }) {
    const region = rig.regions.find(({ name }) => name === regionName);
    assert.ok(region);
    const makeRoom = fill(diskOf(rig));
    await pause(faultMs);
    const atRisk = await scansAtRisk(region);
    assert.ok(atRisk > 0, "the status counts the scans at risk");
    const { answered, refused } = await load.takePhase();
    assertNothingRefused(refused);
    makeRoom();
    await until(async () => (await scansAtRisk(region)) === 0, { what: "Writing down what was at risk" });

    await region.process.stop();
    const makeRoomAgain = fill(diskOf(rig));
    await region.start();
    await load.takePhase();
    await pause(faultMs);
    const atRiskFromStart = await scansAtRisk(region);
    assert.ok(atRiskFromStart > 0, "the status counts the scans at risk from the start on");
    const second = await load.takePhase();
    assertNothingRefused(second.refused);
    makeRoomAgain();
    return `${answered + second.answered} scans, all 302; up to ${Math.max(atRisk, atRiskFromStart)} at risk in memory`;
  },
};
