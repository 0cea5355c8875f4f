// The shape and the course of a drill: a rig under load, the fault, then the time until everything is well again, then
// the laws. A law that does not hold is an error with the figures that break it.
import { strict as assert } from "node:assert";
import { until } from "@qrfactory/processes/until";
import { type Account, account } from "./ledger.js";
import { type Load, type LoadOptions, startLoad } from "./load.js";
import { type Rig, type RigOptions, startRig } from "./rig.js";

/** A rig under load, for the fault of a drill. */
export type Stage = {
  rig: Rig;
  load: Load;
  /** How long the fault lasts, where the drill may choose. */
  faultMs: number;
};

/** A drill as a row of the table. */
export type Drill = {
  /** As on the command line. */
  name: string;
  /** The fault, for the table. */
  fault: string;
  stack?: RigOptions;
  load?: Omit<LoadOptions, "urls" | "shortIds">;
  faultMs: number;
  /** Kept connections that the fault cuts for each client: a scan in each may be written down but not answered. */
  cuts?: number;
  /** The first sentence says why the drill cannot be run here; null when it can. */
  unless?: () => string | null;
  /** Where the clients send, if not to the regions themselves. */
  front?: (rig: Rig) => Promise<string[]>;
  /** Makes the fault and ends it; returns what was seen meanwhile, for the table. Throws when that must not be. */
  run(stage: Stage): Promise<string>;
};

/** Figures of a drill whose laws held. */
export type Result = { drill: Drill; seen: string; recoveryMs: number; scans: number } & Account;

/** Scans that are answered before the fault, so that it does not meet an idle stack. */
const warmUpScans = 200;

/** Enough for the slowest way back, an entry of a killed worker that is taken over after 15 s. */
const recoveryMsMax = 45_000;

/** Changes of a drill's usual course. */
export type RunOptions = {
  /** Default: what the drill asks for. */
  faultMs?: number;
  clients?: number;
};

/** Runs one drill on a rig of its own. Rejects when a law is broken. */
export async function runDrill(drill: Drill, options: RunOptions = {}): Promise<Result> {
  const rig = await startRig(drill.stack);
  try {
    return await runDrillOn(rig, drill, options);
  } finally {
    await rig.close();
  }
}

/** The same on a rig that is well, and is well again afterwards. */
export async function runDrillOn(
  rig: Rig,
  drill: Drill,
  { faultMs = drill.faultMs, clients }: RunOptions = {},
): Promise<Result> {
  let load: Load | undefined;
  try {
    const urls = (await drill.front?.(rig)) ?? rig.regions.map(({ url }) => url);
    const running = startLoad({ urls, shortIds: rig.shortIds, ...drill.load, ...(clients && { clients }) });
    load = running;
    await until(() => running.answered.size > warmUpScans, { timeoutMs: recoveryMsMax, what: "The first scans" });
    assertNothingRefused((await running.takePhase()).refused);

    const seen = await drill.run({ rig, load, faultMs });
    const recoveryMs = await recover(rig, load);
    await load.stop();
    assertNothingRefused((await load.takePhase()).refused);
    const found = await settle(rig, load, (drill.cuts ?? 0) * load.clients);
    return { drill, seen, recoveryMs, scans: load.answered.size, ...found };
  } finally {
    await load?.stop();
  }
}

/** Throws when any scan of a phase was answered by anything but a redirect. */
export function assertNothingRefused(refused: Record<string, number>): void {
  assert.deepEqual(refused, {}, "every scan is answered by 302");
}

/** The time until every region calls itself well and every scan that was answered by now is in the ledger. */
async function recover(rig: Rig, load: Load): Promise<number> {
  const startedAt = performance.now();
  const answered = new Set(load.answered);
  const isWell = async () => {
    for (const region of rig.regions) {
      const { status, components } = await region.status();
      assert.equal(status, "ok", `${region.name}: ${JSON.stringify(components)}`);
    }
    const { lost } = await account(rig.db, load.run, answered);
    assert.equal(lost, 0, `${lost} of ${answered.size} scans are not in the ledger`);
    return true;
  };
  await until(isWell, { timeoutMs: recoveryMsMax, intervalMs: 100, what: "Recovery" });
  return performance.now() - startedAt;
}

async function settle(rig: Rig, load: Load, unansweredMax: number): Promise<Account> {
  let found: Account | undefined;
  const isIn = async () => {
    found = await account(rig.db, load.run, load.answered);
    return found.lost === 0 && found.uncounted === 0;
  };
  // When it never comes to that, the figures below say so better than "did not happen".
  await until(isIn, { timeoutMs: recoveryMsMax, intervalMs: 100 }).catch(() => {});
  assert.ok(found, "the ledger can be read");
  const { lost, doubled, uncounted, unanswered } = found;
  assert.deepEqual({ lost, doubled, uncounted }, { lost: 0, doubled: 0, uncounted: 0 });
  assert.ok(unanswered <= unansweredMax, `${unanswered} scans were counted whose clients got no answer`);
  return found;
}
