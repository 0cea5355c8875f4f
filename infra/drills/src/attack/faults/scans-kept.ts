// Scans through faults that the ledger must not feel: a spool set back to an older copy, a region frozen behind the
// gateway, garbage behind a good request. Every 302 is one row, and every row one 302.
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { until } from "@qrfactory/processes/until";
import { type Load, startLoad } from "../../load.js";
import type { Row } from "../row.js";
import { makeCodes } from "../stage/others.js";
import { answersIn, exchange } from "../stage/raw.js";
import type { OwnStack } from "../stage/stack.js";
import type { Stage } from "../stage/stage.js";

const codeCount = 5;
const clients = 4;
const takenInMsMax = 60_000;
const scansBefore = 300;

const ownOf = ({ own }: Stage): OwnStack => {
  if (!own) throw new Error("This row needs a stack of its own.");
  return own;
};

/** Sends scans until so many are answered, and on while `act` runs. */
async function scanned(stage: Stage, shortIds: string[], act?: () => Promise<void>): Promise<Load> {
  const load = startLoad({ urls: [stage.stack.file().gateway], shortIds, clients });
  await until(() => load.answered.size >= scansBefore, { timeoutMs: takenInMsMax, what: "The scans" });
  await act?.();
  await load.stop();
  return load;
}

type Account = { rows: number; lost: number; doubled: number; unanswered: number };

/** Compares the rows of a run, known by the host of their referrers, with the marks that were answered. */
async function account({ people }: Stage, run: string, answered: ReadonlySet<string>): Promise<Account> {
  const found = await people.db().$queryRaw<{ mark: string; rows: number }[]>`
    SELECT referrer_host AS mark, count(*)::int AS rows FROM scans WHERE referrer_host LIKE ${`%${run}`} GROUP BY 1`;
  const marks = new Set(found.map(({ mark }) => mark));
  const rows = found.reduce((sum, one) => sum + one.rows, 0);
  return {
    rows,
    lost: [...answered].filter((mark) => !marks.has(mark)).length,
    doubled: rows - found.length,
    unanswered: found.filter(({ mark }) => !answered.has(mark)).length,
  };
}

/** Counts of the ledger once all answered scans are in it, or time is up. */
async function takenIn(stage: Stage, load: Load): Promise<Account> {
  const look = () => account(stage, load.run, load.answered);
  await until(async () => (await look()).lost === 0, { timeoutMs: takenInMsMax, intervalMs: 500 }).catch(() => {});
  return look();
}

function conserve(stage: Stage, load: Load, { lost, doubled }: Account): void {
  stage.promise(lost === 0, `${lost} of ${load.answered.size} scans that were answered are lost`);
  stage.promise(doubled === 0, `${doubled} scans are counted twice`);
}

const spoolSetBack: Row = {
  name: "spool-set-back",
  attack: "the spool of a region put back to a copy from before its last scans, while the region is down",
  own: {},
  async run(stage) {
    const own = ownOf(stage);
    const ids = await makeCodes(stage, codeCount);
    const spool = join(own.dataDirectory, "spool", "region-1");
    const copy = join(own.dataDirectory, "..", "copy");
    const first = await scanned(stage, ids);
    await takenIn(stage, first);
    cpSync(spool, copy, { recursive: true });
    const second = await scanned(stage, ids);
    await takenIn(stage, second);

    // The launcher would start the region again at once.
    process.kill(own.launcherPid(), "SIGSTOP");
    const pid = own.file().pids.redirect[0] as number;
    process.kill(pid, "SIGKILL");
    rmSync(spool, { recursive: true });
    cpSync(copy, spool, { recursive: true });
    process.kill(own.launcherPid(), "SIGCONT");
    await until(() => own.file().pids.redirect.some((one) => one !== pid), { timeoutMs: takenInMsMax });

    const third = await scanned(stage, ids);
    const loads = [first, second, third];
    for (const load of loads) conserve(stage, load, await takenIn(stage, load));
    stage.saw(
      `${loads.map(({ answered }) => answered.size).join(", ")} scans answered before, after the copy and at last`,
    );
  },
};

const freezes = 3;
const freezeMs = 3_000;

const frozenRegion: Row = {
  name: "frozen-region",
  attack: `one of two regions behind the gateway frozen (SIGSTOP) for ${freezeMs / 1_000} s, ${freezes} times`,
  own: { regions: 2 },
  async run(stage) {
    const own = ownOf(stage);
    const ids = await makeCodes(stage, codeCount);
    const load = await scanned(stage, ids, async () => {
      for (let n = 0; n < freezes; n++) {
        const pid = own.file().pids.redirect[n % 2] as number;
        process.kill(pid, "SIGSTOP");
        await pause(freezeMs).finally(() => process.kill(pid, "SIGCONT"));
        await pause(freezeMs / 3);
      }
    });
    const found = await takenIn(stage, load);
    // Late answers of a thawed region come last.
    await pause(freezeMs);
    conserve(stage, load, await takenIn(stage, load));
    stage.saw(`${load.answered.size} scans answered, ${found.rows} rows`);
  },
};

const behind: Row = {
  name: "garbage-behind",
  attack: "a good scan and garbage in one packet, ten times, straight at a region",
  async run(stage) {
    const [id = ""] = await makeCodes(stage, 1);
    const url = stage.stack.file().regions[0]?.redirect as string;
    const run = `garbage-${Date.now()}.attack.example`;
    const marks = Array.from({ length: 10 }, (_, n) => `n${n}.${run}`);
    const answered = new Set<string>();
    for (const mark of marks) {
      const good = `GET /q/${id} HTTP/1.1\r\nHost: attack\r\nUser-Agent: iPhone\r\nReferer: https://${mark}/\r\n\r\n`;
      const packet = `${good}\x00\x01 garbage\r\n\r\n`;
      const received = await exchange({ url, packets: [packet] });
      stage.sent(packet.length, 1);
      const statuses = answersIn(received).map(({ status }) => status);
      if (statuses[0] === 302) answered.add(mark);
      stage.promise(statuses.join() === "302,400", `answered ${statuses.join(", ") || "nothing"} in place of 302, 400`);
    }
    const look = () => account(stage, run, answered);
    await until(async () => (await look()).rows >= marks.length, { timeoutMs: 10_000 }).catch(() => {});
    const { rows, lost, doubled, unanswered } = await look();
    stage.saw(`${answered.size} of ${marks.length} answered 302, ${rows} rows`);
    stage.promise(lost + doubled === 0, `${lost} scans lost, ${doubled} doubled`);
    stage.promise(unanswered === 0, `${unanswered} scans counted without an answer`);
  },
};

/** Rows of faults after which scans and rows of the ledger must agree. */
export const scansKeptRows: Row[] = [spoolSetBack, frozenRegion, behind];
