// Every process of a stack killed, one after the other, then its stores frozen, then its launcher: how soon the status
// names a fault, how soon all is back, and whether health is answered at once all the while.
import { askHealth, askStatus, askWhile, pidOf } from "@qrfactory/local/stack/stack.fixture";
import { processesWithParent } from "@qrfactory/processes/proc";
import { until } from "@qrfactory/processes/until";
import type { Row } from "../row.js";
import type { Stage } from "../stage/stage.js";

/** Process → the component of the status that it is, the gateway apart. */
const parts = [
  ["management", "management"],
  ["worker", "queue"],
  ["render", "render"],
  ["redirect", "redirect"],
  ["postgres", "database"],
  ["state Redis", "state_redis"],
  ["render cache", "render_cache"],
  ["replica", "redirect"],
] as const;

/** The promises; the slowest of the stores is asked for a second. */
const namedMsMax = 1_500;
const namedMedianMsMax = 1_000;
const gatewayMsMax = 1_000;
const statusMsMax = 1_000;
const healthMedianMsMax = 50;
const restartMsMax = 10_000;
/** Waited for what breaks a promise, so that the rest can be seen. */
const patienceMs = 30_000;
const questions = 5;

const median = (list: number[]) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] as number;

async function timed(act: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await act();
  return performance.now() - startedAt;
}

/** Kills and freezes, and holds what the gateway tells meanwhile to its times. */
async function measure(stage: Stage): Promise<void> {
  const { gateway } = stage.stack.file();
  const healthMs: number[] = [];
  const status = () => askStatus(gateway);
  const wait = (what: string, isSo: () => Promise<boolean>) =>
    timed(() => until(isSo, { timeoutMs: patienceMs, intervalMs: 20, what }));
  const isOk = async () => (await status()).status === "ok";

  const namedMs: number[] = [];
  const backMs: number[] = [];
  let frozenMs: number[] = [];
  await askWhile(
    async () => void healthMs.push(await timed(() => askHealth(gateway))),
    async () => {
      for (const [name, component] of parts) {
        process.kill(await pidOf(stage.stack.file(), name), "SIGKILL");
        const isNamed = async () => (await status()).inTrouble.includes(component);
        namedMs.push(await wait(`The word that ${name} is gone`, isNamed));
        backMs.push(await wait(`The return of ${name}`, isOk));
      }
      frozenMs = await whileFrozen(stage, async () => {
        await wait("The status down", async () => (await status()).status === "down");
        const asked: number[] = [];
        for (let n = 0; n < questions; n++) asked.push(await timed(status));
        return asked;
      });
      await wait("The thaw", isOk);
    },
  );
  const gatewayPid = stage.stack.file().pids.gateway[0] as number;
  process.kill(gatewayPid, "SIGKILL");
  const gatewayMs = await wait("The return of the gateway", async () => {
    return stage.stack.file().pids.gateway[0] !== gatewayPid && (await isOk());
  });

  const ms = (value: number) => `${value.toFixed(0)} ms`;
  stage.saw(`named after ${ms(median(namedMs))} (${ms(Math.max(...namedMs))} at most)`);
  stage.saw(
    `back after ${ms(median(backMs))} (${ms(Math.max(...backMs))} at most), the gateway after ${ms(gatewayMs)}`,
  );
  stage.saw(`status of frozen stores in ${ms(Math.max(...frozenMs))}, health in ${ms(median(healthMs))}`);
  stage.promise(median(namedMs) < namedMedianMsMax, `half of the processes were named after ${ms(median(namedMs))}`);
  stage.promise(Math.max(...namedMs) < namedMsMax, `a process was named after ${ms(Math.max(...namedMs))}`);
  stage.promise(gatewayMs < gatewayMsMax, `the gateway was back after ${ms(gatewayMs)}`);
  stage.promise(Math.min(...frozenMs) < statusMsMax, `the status took ${ms(Math.min(...frozenMs))}`);
  stage.promise(median(healthMs) < healthMedianMsMax, `health took ${ms(median(healthMs))}`);
}

/** Runs `act` while PostgreSQL and every Redis stand still. */
async function whileFrozen<T>({ stack }: Stage, act: () => Promise<T>): Promise<T> {
  const { postgres, redis } = stack.file().pids;
  const pids = [...postgres, ...postgres.flatMap(processesWithParent), ...redis];
  for (const pid of pids) process.kill(pid, "SIGSTOP");
  try {
    return await act();
  } finally {
    for (const pid of pids) process.kill(pid, "SIGCONT");
  }
}

const partsKilled: Row = {
  name: "parts-killed",
  attack: "kill -9 of each of the nine parts, PostgreSQL and every Redis frozen, then kill -9 of the launcher",
  own: {},
  async run(stage) {
    await measure(stage);
    const { own } = stage;
    if (!own) throw new Error("This row ends its launcher.");
    process.kill(own.launcherPid(), "SIGKILL");
    const startMs = await timed(() => own.start());
    stage.saw(`up again ${(startMs / 1_000).toFixed(1)} s after its launcher`);
    stage.promise(startMs < restartMsMax, `the stack was up again after ${(startMs / 1_000).toFixed(1)} s`);
  },
};

/** Rows of every process of a stack killed or frozen in turns. */
export const partsKilledRows: Row[] = [partsKilled];
