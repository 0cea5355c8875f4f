// The stage of a row: the stack, people of it, a client whose every answer is judged, others who are disturbed, and a
// place to write down what was seen.
import { randomInt } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { Result } from "../result.js";
import { type Answer, type Ask, type Client, makeClient } from "./client.js";
import { judge } from "./judge.js";
import { makePeople, type People, type Person } from "./people.js";
import type { OwnStack, Stack } from "./stack.js";
import { startVictim } from "./victim.js";

/** Enough for a p99 of a few seconds that one slow answer does not decide, too little to be a load. */
const victimEveryMs = 25;
const restMs = 4_000;
const underMsMin = 2_000;
/** The promise of a flood: others wait no longer than this, p99. */
const othersMsDefault = 50;
/** On a machine that is busy with something else, others at rest say how fast it is. */
const othersRatioMax = 3;
/** A process whose loop is blocked answers nothing, not even this. */
const healthMsMax = 2_000;
/** Kinds of broken promises that are told of; a flood breaks one a thousand times. */
const brokenMax = 60;

/** Requests of others while an attack goes on, the status that each is owed, their pace and longest wait. */
export type Others = { asks: Ask[]; expected?: number; everyMs?: number; othersMsMax?: number };

/** Everything that a row acts with. */
export type Stage = {
  /** The product's checkout that the stack runs. */
  root: string;
  stack: Stack;
  /** The same, for rows that have it to themselves. */
  own: OwnStack | undefined;
  people: People;
  demo: Person;
  /** Honest requests: neither counted nor judged. */
  client: Client;
  /** A request of the attacker: its bytes are counted and its answer is judged. */
  attack(ask: Ask): Promise<Answer>;
  /** Measures others at rest, then while `act` runs, and holds them to their promise. */
  disturb(others: Others, act: () => Promise<void>): Promise<void>;
  /** Counts bytes that were sent past `attack`. */
  sent(bytes: number, requests: number): void;
  /** Adds a promise: broken when it is not so. */
  promise(isKept: boolean, what: string): void;
  /** Adds to the answer what is worth a place in the table. */
  saw(what: string): void;
};

/** Stack of a stage, and where its lines go. */
export type StageOptions = {
  root: string;
  stack: Stack;
  own?: OwnStack | undefined;
  /** Where the attacker's requests come from. */
  say(line: string): void;
};

/** An address of this machine that no attack came from yet: one that was put off would get no other answer. */
const newAddress = () => `127.2.${randomInt(256)}.${randomInt(1, 255)}`;

/** Sets a stage; `close` ends it and returns what became of the row. */
export async function setStage({ root, stack, own, say }: StageOptions): Promise<Stage & { close(): Promise<Result> }> {
  const { gateway } = stack.file();
  const client = makeClient(gateway);
  const attacker = makeClient(gateway, { localAddress: newAddress() });
  const people = makePeople({ stack, root, client });
  const statuses = new Map<number, number>();
  const seen: string[] = [];
  const broken = new Set<string>();
  let latencies: Pick<Result, "rest" | "under"> = {};
  let [bytes, requests, largest] = [0, 0, 0];

  function promise(isKept: boolean, what: string): void {
    if (isKept || broken.has(what) || broken.size > brokenMax) return;
    broken.add(what);
    say(`broken: ${what}`);
  }

  async function attack(ask: Ask): Promise<Answer> {
    const answer = await attacker.send(ask);
    const { pathname } = new URL(ask.url, gateway);
    requests += 1;
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    if (answer.status >= 400) largest = Math.max(largest, answer.length);
    const kind = { isPage: /^\/q\//i.test(pathname), isHead: ask.method === "HEAD" };
    for (const wrong of judge(answer, kind)) promise(false, `${ask.method ?? ""} ${pathname} ${wrong}`.trim());
    return answer;
  }

  async function disturb(others: Others, act: () => Promise<void>): Promise<void> {
    const { asks, expected = 200, everyMs = victimEveryMs, othersMsMax = othersMsDefault } = others;
    const victim = startVictim({ base: gateway, asks, everyMs, expected });
    try {
      await pause(restMs / 4);
      // The first requests open connections and fill caches.
      await victim.take();
      await pause(restMs);
      const rest = await victim.take();
      // Traces of a short attack are felt after it.
      await Promise.all([act(), pause(underMsMin)]);
      const under = await victim.take();
      const ms = ({ p50, p99 }: { p50: number; p99: number }) => `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`;
      say(`others at rest: ${ms(rest)}; under attack: ${ms(under)} of ${under.count} requests`);
      const limit = Math.max(othersMsMax, rest.p99 * othersRatioMax);
      promise(under.p99 <= limit, `others waited longer than ${limit.toFixed(0)} ms (p99)`);
      const refused = Object.entries(under.refused).map(([status, count]) => `${count} × ${status}`);
      promise(refused.length === 0, `others were refused: ${refused.join(", ")}`);
      latencies = { rest: { p50: rest.p50, p99: rest.p99 }, under: { p50: under.p50, p99: under.p99 } };
    } finally {
      await victim.stop();
    }
  }

  async function checkHealth(): Promise<void> {
    const { management, render, regions } = stack.file();
    for (const base of [gateway, management, render, ...regions.map(({ redirect }) => redirect)]) {
      const { status } = await client.send({ url: `${base}/api/health/`, patienceMs: healthMsMax });
      promise(status === 200, `health of ${base} answers ${status}`);
    }
  }

  return {
    root,
    stack,
    own,
    people,
    demo: await people.demo(),
    client,
    attack,
    disturb,
    sent(more, count) {
      bytes += more;
      requests += count;
    },
    promise,
    saw: (what) => void seen.push(what),
    async close() {
      await checkHealth();
      await people.close();
      bytes += attacker.sentBytes();
      attacker.close();
      client.close();
      const counted = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${count} × ${status || "cut"}`);
      const refusal = largest > 0 ? [`largest refusal ${largest} B`] : [];
      const answer = [...(counted.length > 0 ? [counted.join(", ")] : []), ...refusal, ...seen].join("; ");
      return { bytes, requests, ...latencies, answer, broken: [...broken] };
    },
  };
}
