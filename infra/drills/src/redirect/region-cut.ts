// The line between a region and the centre goes silent with every connection still open: the region serves what it
// knows, and an edit made meanwhile reaches it when the line is back.
import { strict as assert } from "node:assert";
import { setTimeout as pause } from "node:timers/promises";
import { updateCode } from "@qrfactory/db/codes/codes";
import { until } from "@qrfactory/processes/until";
import { startTcpProxy } from "@qrfactory/testing/proxy";
import { assertNothingRefused, type Drill } from "../drill.js";
import { drillActor } from "../rig.js";

/** An edit reaches a region at most this long after the line is back. */
const editMsMax = 5_000;

/** A region cut off from the centre for ten seconds. */
export const regionCut: Drill = {
  name: "region-cut",
  fault: "A region cut off from the centre for 10 s, its connections open",
  faultMs: 10_000,
  stack: { line: startTcpProxy },
  async run({ rig, load, faultMs }) {
    const { line } = rig;
    const [region] = rig.regions;
    const [shortId] = rig.shortIds;
    assert.ok(line && region && shortId);
    const leadsTo = async () => {
      const response = await fetch(`${region.url}/q/${shortId}`, { method: "HEAD", redirect: "manual" });
      return response.headers.get("location");
    };
    const destinationUrl = "https://example.com/edited";

    line.freeze();
    await updateCode(rig.db, { workspaceId: rig.workspaceId, shortId }, { destinationUrl }, drillActor);
    await pause(faultMs);
    assert.notEqual(await leadsTo(), destinationUrl);
    const { answered, refused, p99Ms } = await load.takePhase();
    assertNothingRefused(refused);
    const backAt = performance.now();
    line.thaw();
    await until(async () => (await leadsTo()) === destinationUrl, { timeoutMs: editMsMax, what: "The edit" });
    const editMs = performance.now() - backAt;
    return (
      `${answered} scans, all 302, p99 ${p99Ms.toFixed(0)} ms; ` +
      `an edit arrived ${editMs.toFixed(0)} ms after the return`
    );
  },
};
