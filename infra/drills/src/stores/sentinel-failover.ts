// The primary state Redis is killed while Sentinels watch: one of its replicas is promoted, the regions' replicas
// follow it, scans notice nothing, and edits are answered and visible again within ten seconds. The old primary comes
// back as a replica.
import { strict as assert } from "node:assert";
import { until } from "@qrfactory/processes/until";
import { assertNothingRefused, type Drill } from "../drill.js";

const backMsMax = 10_000;

type Editor = (destination: string) => Promise<boolean>;

/** Signs up at a management API and makes a code; returns its short id and what edits it. */
async function startEditing(api: string): Promise<{ shortId: string; edit: Editor }> {
  let authorization = {};
  const send = async (method: string, path: string, body: object) => {
    const headers = { "Content-Type": "application/json", ...authorization };
    const response = await fetch(`${api}/api/v1${path}`, { method, headers, body: JSON.stringify(body) });
    return { ok: response.ok, body: (await response.json()) as Record<string, string> };
  };
  const person = { email: "person@example.com", password: "correct horse battery", workspace_name: "Drill" };
  const { body: session } = await send("POST", "/auth/signup", person);
  authorization = { Authorization: `Bearer ${session.access_token}` };
  const created = await send("POST", "/dynamic/", { name: "Edited", destination_url: "https://example.com/0" });
  const { short_id: shortId = "" } = created.body;
  const edit: Editor = async (destination_url) => (await send("PATCH", `/dynamic/${shortId}/`, { destination_url })).ok;
  return { shortId, edit };
}

/** The primary state Redis killed for good, with a replica promoted by Sentinel. */
export const sentinelFailover: Drill = {
  name: "sentinel-failover",
  fault: "Primary state Redis killed, a replica promoted by Sentinel",
  stack: { sentinels: true, regions: 2 },
  faultMs: 0,
  async run({ rig, load }) {
    const { sentinels, state } = rig;
    assert.ok(sentinels);
    await sentinels.knowReplicas(1 + rig.regions.length);
    const { shortId, edit } = await startEditing(await rig.startManagement());
    const leadsTo = async (url: string) =>
      (await fetch(`${url}/q/${shortId}`, { method: "HEAD", redirect: "manual" })).headers.get("location");

    await load.takePhase();
    await state.kill();
    const killedAt = performance.now();
    let edits = 0;
    let refusedEdits = 0;
    /** An edit that is answered, and seen in every region before the next one is made. */
    const isBack = async () => {
      const destination = `https://example.com/${++edits}`;
      if (!(await edit(destination))) {
        refusedEdits += 1;
        return false;
      }
      const isEverywhere = async () => {
        for (const { url } of rig.regions) if ((await leadsTo(url)) !== destination) return false;
        return true;
      };
      return until(isEverywhere, { timeoutMs: 300 });
    };
    await until(isBack, { timeoutMs: 3 * backMsMax, what: "An edit that is visible everywhere" });
    const backMs = performance.now() - killedAt;
    assert.ok(backMs < backMsMax, `edits were visible again after ${backMs.toFixed(0)} ms`);
    const { answered, refused, p99Ms } = await load.takePhase();
    assertNothingRefused(refused);
    assert.notEqual(await sentinels.primaryPort(), state.port);
    await state.restart();
    return (
      `${answered} scans, all 302, p99 ${p99Ms.toFixed(0)} ms; ` +
      `edits visible again after ${(backMs / 1000).toFixed(1)} s, ` +
      `${refusedEdits} of ${edits} refused`
    );
  },
};
