// The disk of a region's spool is full, under way and at a start: scans are answered all the same, held in memory and
// called at risk, and written as soon as there is room.
import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { until } from "@qrfactory/testing/until";
import { assertNothingRefused, type Drill } from "./drill.js";
import type { Region, Rig } from "./rig.js";

const diskOf = (rig: Rig) => join(rig.directory, "disk");

/** Writes until nothing more fits; returns what makes room again. */
function fill(disk: string): () => void {
  const file = join(disk, "filler");
  const page = Buffer.alloc(4_096);
  for (let full = false; !full; ) {
    try {
      writeFileSync(file, page, { flag: "a" });
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, "ENOSPC");
      full = true;
    }
  }
  return () => rmSync(file);
}

const scansAtRisk = async (region: Region) => Number((await region.status()).components.spool?.scans_at_risk);

export const diskFull: Drill = {
  name: "disk-full",
  fault: "Disk of the spool full for 3 s under load, and again from before a start",
  stack: { regions: 0 },
  faultMs: 3_000,
  unless: () => (process.getuid?.() === 0 ? null : "only root may mount a small disk (tmpfs)"),
  async front(rig) {
    const disk = diskOf(rig);
    mkdirSync(disk);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m", "drill", disk]);
    rig.onClose(async () => execFileSync("umount", [disk]));
    const region = await rig.addRegion({ name: "region-1", spoolDirectory: join(disk, "spool") });
    return [region.url];
  },
  async run({ rig, load, faultMs }) {
    const [region] = rig.regions;
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
