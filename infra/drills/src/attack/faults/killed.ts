// Services killed in the middle of what they charge for: the counter of credits, the ledger and what clients received
// must agree again afterwards.
import { setTimeout as pause } from "node:timers/promises";
import { until } from "@qrfactory/processes/until";
import type { Row } from "../row.js";
import { jsonOf } from "../stage/client.js";
import type { Person } from "../stage/people.js";
import type { Stage } from "../stage/stage.js";

const kills = 6;
/** Requests that a service answers between its return and its next end, and how long it goes on after the last. */
const doneBetween = 10;
const momentMs = 300;
/** A start on a machine that is busy with other things. */
const backMsMax = 60_000;
/** Calls are shipped, taken in and compared within this time. */
const settledMsMax = 90_000;

/** A service to be killed, and how often, spread over the work. */
export type Kills = {
  role: "render" | "management";
  times: number;
  /** How much was done so far. */
  done: () => number;
};

/** SIGKILL to a service again and again, each time once it is back and has done something. */
export async function killRepeatedly({ stack }: Stage, { role, times, done }: Kills): Promise<void> {
  /** None while it is away. */
  const pidOf = () => stack.file().pids[role][0];
  for (let n = 0; n < times; n++) {
    const before = done();
    const pid = await until(pidOf, { timeoutMs: backMsMax, what: `The start of ${role}` });
    const hasWorked = () => done() >= before + doneBetween && pidOf() === pid;
    await until(hasWorked, { timeoutMs: backMsMax, what: `The work of ${role}` });
    await pause(Math.random() * momentMs);
    process.kill(pid, "SIGKILL");
    await until(() => pidOf() !== pid, { what: `The end of ${role}` });
  }
}

/** Sends one after the other by some clients until `act` is over. */
export async function sendWhile(clients: number, send: (n: number) => Promise<void>, act: () => Promise<void>) {
  let isOver = false;
  let n = 0;
  const sending = Array.from({ length: clients }, async () => {
    while (!isOver) await send(n++);
  });
  await act().finally(() => {
    isOver = true;
  });
  await Promise.all(sending);
}

/** Credits that a workspace has used this month, by the counter. */
async function creditsOf({ client }: Stage, { asKey }: Person): Promise<number> {
  const answer = await client.send({ url: "/api/v1/usage/", headers: asKey });
  return jsonOf<{ used_this_month: number }>(answer).used_this_month;
}

/** The request ids of every call in the ledger of a workspace. */
async function callsOf({ client }: Stage, { asKey }: Person): Promise<string[]> {
  const ids: string[] = [];
  let cursor = "";
  do {
    const answer = await client.send({ url: `/api/v1/calls/?limit=100${cursor}`, headers: asKey });
    const page = jsonOf<{ results: { request_id: string }[]; next_cursor: string | null }>(answer);
    ids.push(...page.results.map(({ request_id }) => request_id));
    cursor = page.next_cursor === null ? "" : `&cursor=${page.next_cursor}`;
  } while (cursor !== "");
  return ids;
}

const renderKilled: Row = {
  name: "render-killed",
  attack: `kill -9 of render under load, ${kills} times`,
  own: {},
  async run(stage) {
    const person = await stage.people.signUp("enterprise");
    const received = new Set<string>();
    let cut = 0;
    const send = async (n: number) => {
      const id = `killed-${n}`;
      const json = { data: `https://example.com/killed/${n}`, size: 300 };
      const headers = { ...person.asKey, "X-Request-Id": id };
      const { status } = await stage.client.send({ url: "/api/v1/generate/", headers, json });
      if (status === 200) received.add(id);
      else cut += 1;
      // While render is away a refusal costs nothing, and a thousand of them would say nothing more.
      if (status !== 200) await pause(50);
    };
    await sendWhile(4, send, () => killRepeatedly(stage, { role: "render", times: kills, done: () => received.size }));
    let rows: string[] = [];
    let credits = 0;
    const isSettled = async () => {
      [rows, credits] = [await callsOf(stage, person), await creditsOf(stage, person)];
      return credits === rows.length && [...received].every((id) => rows.includes(id));
    };
    await until(isSettled, { timeoutMs: settledMsMax, intervalMs: 1_000 }).catch(() => {});
    const known = new Set(rows);
    const lost = [...received].filter((id) => !known.has(id)).length;
    stage.saw(`${received.size} images received, ${cut} refused or cut, ${rows.length} rows, ${credits} credits`);
    stage.promise(lost === 0, `${lost} images that were received are not in the ledger`);
    stage.promise(known.size === rows.length, `${rows.length - known.size} calls are in the ledger twice`);
    stage.promise(credits === rows.length, `${credits} credits were taken for ${rows.length} calls`);
  },
};

type Order = { id: string; total: number; credits_refunded: number; status: string };

async function ordersOf({ client }: Stage, { asKey }: Person): Promise<Order[]> {
  const orders: Order[] = [];
  for (let page = 1; ; page++) {
    const answer = await client.send({ url: `/api/v1/bulk/?page=${page}&page_size=100`, headers: asKey });
    const { results, next } = jsonOf<{ results: Order[]; next: string | null }>(answer);
    orders.push(...results);
    if (next === null) return orders;
  }
}

const rowsOfOrder = 3;

const ordersKilled: Row = {
  name: "orders-killed",
  attack: `kill -9 of management while orders of ${rowsOfOrder} rows are placed, ${kills} times`,
  own: {},
  async run(stage) {
    const person = await stage.people.signUp("enterprise");
    const accepted = new Set<string>();
    let cut = 0;
    const send = async (n: number) => {
      const items = Array.from({ length: rowsOfOrder }, (_, row) => ({
        data: `https://example.com/${n}/${row}`,
        size: 100,
      }));
      const answer = await stage.client.send({ url: "/api/v1/generate/bulk/", headers: person.asKey, json: { items } });
      if (answer.status === 202) accepted.add(jsonOf<{ id: string }>(answer).id);
      else cut += 1;
      await pause(answer.status === 202 ? 10 : 50);
    };
    await sendWhile(16, send, () =>
      killRepeatedly(stage, { role: "management", times: kills, done: () => accepted.size }),
    );
    let orders: Order[] = [];
    let [ordered, credits] = [0, 0];
    const isSettled = async () => {
      [orders, credits] = [await ordersOf(stage, person), await creditsOf(stage, person)];
      ordered = orders.reduce((sum, { total, credits_refunded }) => sum + total - credits_refunded, 0);
      return ordered === credits;
    };
    await until(isSettled, { timeoutMs: settledMsMax, intervalMs: 1_000 }).catch(() => {});
    const known = new Set(orders.map(({ id }) => id));
    const lost = [...accepted].filter((id) => !known.has(id)).length;
    stage.saw(`${accepted.size} orders accepted, ${cut} refused or cut, ${ordered} rows ordered, ${credits} credits`);
    stage.promise(lost === 0, `${lost} orders that were accepted are not there`);
    stage.promise(ordered === credits, `${credits} credits were taken for ${ordered} rows`);
  },
};

/** Rows of services killed while they charge. */
export const killedRows: Row[] = [renderKilled, ordersKilled];
