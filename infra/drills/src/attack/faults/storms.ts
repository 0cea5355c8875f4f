// Storms of one request: eighty at once with one Idempotency-Key have one effect and one answer, byte for byte; another
// body under the same key is refused; a kill in the middle changes nothing of it.
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { Row } from "../row.js";
import { type Answer, type Ask, expectStatus, jsonOf } from "../stage/client.js";
import type { Person } from "../stage/people.js";
import type { Stage } from "../stage/stage.js";
import { killRepeatedly, sendWhile } from "./killed.js";

const storm = 80;
const putOffMsMax = 30_000;
const url = "https://example.com";

/** Sends until it is neither put off nor cut: a client that honours Retry-After. */
async function insist(stage: Stage, ask: Ask): Promise<Answer> {
  const deadline = performance.now() + putOffMsMax;
  for (;;) {
    const answer = await stage.attack(ask);
    if ((answer.status !== 503 && answer.status !== 0) || performance.now() > deadline) return answer;
    await pause(Number(answer.headers["retry-after"] ?? 1) * 1_000);
  }
}

type Storm = {
  what: string;
  route: string;
  as: "asUser" | "asKey";
  body: object;
  other: object;
  /** How many there are of what the request makes. */
  list: string;
};

const storms: Storm[] = [
  { what: "keys", route: "keys", as: "asUser", body: { name: "storm" }, other: { name: "calm" }, list: "keys" },
  {
    ...{ what: "codes", route: "dynamic", as: "asUser", list: "dynamic" },
    ...{ body: { name: "storm", destination_url: url }, other: { name: "calm", destination_url: url } },
  },
  {
    ...{ what: "codes by images", route: "generate", as: "asKey", list: "dynamic" },
    body: { data_type: "dynamic", payload: { name: "storm", destination_url: url }, size: 300 },
    other: { data_type: "dynamic", payload: { name: "calm", destination_url: url }, size: 300 },
  },
  {
    ...{ what: "orders", route: "generate/bulk", as: "asKey", list: "bulk" },
    ...{ body: { items: [{ data: url }] }, other: { items: [{ data: `${url}/other` }] } },
  },
];

const countOf = async ({ client }: Stage, { asUser }: Person, list: string) =>
  jsonOf<{ count: number }>(expectStatus(await client.send({ url: `/api/v1/${list}/`, headers: asUser }), 200)).count;

const storming: Row = {
  name: "storms",
  attack:
    `${storm} requests at once with one Idempotency-Key: keys, codes, images that make a code, orders; ` +
    "then other bodies",
  async run(stage) {
    const person = await stage.people.signUp("enterprise");
    for (const { what, route, as, body, other, list } of storms) {
      const before = await countOf(stage, person, list);
      const headers = { ...person[as], "Idempotency-Key": randomUUID() };
      const ask: Ask = { url: `/api/v1/${route}/`, headers, json: body };
      const answers = await Promise.all(Array.from({ length: storm }, () => insist(stage, ask)));
      const statuses = new Set(answers.map(({ status }) => status));
      const bodies = new Set(answers.map((answer) => answer.body.toString("base64")));
      const made = (await countOf(stage, person, list)) - before;
      const codes = new Set(answers.map((answer) => answer.headers["x-qr-short-id"]));
      stage.promise(made === 1, `${what}: ${made} were made`);
      stage.promise(
        statuses.size === 1 && bodies.size === 1,
        `${what}: ${bodies.size} answers (${[...statuses].join(", ")})`,
      );
      stage.promise(codes.size === 1, `${what}: ${codes.size} codes are named`);
      const { status } = await stage.attack({ ...ask, json: other });
      stage.promise(status === 409, `${what}: another body is answered ${status}`);
    }
  },
};

const kills = 3;
const triesEach = 8;

const killedStorm: Row = {
  name: "storm-killed",
  attack: `storms of ${triesEach} requests with one Idempotency-Key each while management is killed ${kills} times`,
  own: {},
  async run(stage) {
    const person = await stage.people.signUp("enterprise");
    let [sent, odd, unanswered] = [0, 0, 0];
    const send = async (n: number) => {
      const headers = { ...person.asKey, "Idempotency-Key": `storm-${n}` };
      const ask = { url: "/api/v1/dynamic/", headers, json: { name: `storm ${n}`, destination_url: url } };
      const answers = await Promise.all(Array.from({ length: triesEach }, () => insist(stage, ask)));
      sent += 1;
      if (answers.some(({ status }) => status !== 201)) unanswered += 1;
      else if (new Set(answers.map(({ body }) => body.toString())).size > 1) odd += 1;
    };
    await sendWhile(4, send, () => killRepeatedly(stage, { role: "management", times: kills, done: () => sent }));
    const made = await countOf(stage, person, "dynamic");
    stage.saw(`${sent} keys, ${made} codes`);
    stage.promise(made === sent, `${made} codes for ${sent} keys`);
    stage.promise(odd === 0, `${odd} keys were answered in different ways`);
    stage.promise(unanswered === 0, `${unanswered} keys were not answered 201 in the end`);
  },
};

/** Rows of one request sent many times at once. */
export const stormRows: Row[] = [storming, killedStorm];
