// The state Redis loses its last moments: everything is killed at once and the newest append-only file ends some bytes
// earlier, as after a power cut. Every earlier answer must hold after it, because PostgreSQL has it.
import { readdirSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Row } from "../row.js";
import { expectStatus, jsonOf } from "../stage/client.js";
import { makeCodes } from "../stage/others.js";
import type { Person } from "../stage/people.js";
import type { OwnStack } from "../stage/stack.js";
import type { Stage } from "../stage/stage.js";

const rounds = 20;
/** From a byte to what some ten edits write, every magnitude as often. */
const cutMagnitudes = 4;
/** After the start everything is as it was answered, at the latest. */
const healedMsMax = 10_000;
const quietMs = 1_000;

/** Takes the last bytes off the newest append-only file of the state Redis; returns how many there were. */
function cutLog(dataDirectory: string, bytes: number): number {
  const folder = join(dataDirectory, "redis-state", "appendonlydir");
  const numberOf = (name: string) => Number(/\.(\d+)\.incr\.aof$/.exec(name)?.[1]);
  const logs = readdirSync(folder).filter((name) => name.endsWith(".incr.aof"));
  const newest = join(folder, logs.sort((a, b) => numberOf(a) - numberOf(b)).at(-1) as string);
  const { size } = statSync(newest);
  truncateSync(newest, Math.max(0, size - bytes));
  return Math.min(size, bytes);
}

/** Changes of a round, and where they show. */
type Changed = { key: Pick<Person, "asKey">; edited: string; deleted: string; created: string; address: string };

const headOf = async ({ client }: Stage, id: string) => {
  const { status, headers } = await client.send({ method: "HEAD", url: `/q/${id}` });
  return { status, location: headers.location };
};

/** Whether the key still does anything, at either service. */
async function isAccepted({ client }: Stage, { asKey }: Pick<Person, "asKey">): Promise<boolean> {
  const asked = await Promise.all([
    client.send({ url: "/api/v1/usage/", headers: asKey }),
    client.send({ url: "/api/v1/validate/", headers: asKey, json: { data: "https://example.com" } }),
  ]);
  return asked.some(({ status }) => status === 200);
}

/** Revokes, edits, deletes and creates, each first in its turn; returns as soon as the last of it was answered. */
async function change(stage: Stage, round: number): Promise<Changed> {
  const { client, people } = stage;
  const { asUser } = await people.demo();
  const [edited = "", deleted = ""] = await makeCodes(stage, 2);
  const key = await people.newKey({ asUser });
  if (!(await isAccepted(stage, key))) throw new Error("The new key is not accepted.");
  // Rows from before the changes are on the disk already.
  await pause(quietMs);
  const address = `https://example.com/after/${round}`;
  const ask = async (method: string, path: string, json?: object) =>
    expectStatus(await client.send({ method, url: `/api/v1/${path}/`, headers: asUser, json }), 200, 201, 204);
  let created = "";
  const changes = [
    () => ask("DELETE", `keys/${key.keyId}`),
    () => ask("PATCH", `dynamic/${edited}`, { destination_url: address }),
    () => ask("DELETE", `dynamic/${deleted}`),
    async () => {
      const made = await ask("POST", "dynamic", { name: "Z", destination_url: address });
      created = jsonOf<{ short_id: string }>(made).short_id;
    },
  ];
  // The last of them is what the cut is sure to reach.
  for (let n = 0; n < changes.length; n++) await changes[(n + round) % changes.length]?.();
  return { key, edited, deleted, created, address };
}

const keyAccepted = "a revoked key is accepted";

/** Differences from the answers. */
async function wrongOf(stage: Stage, { key, edited, deleted, created, address }: Changed): Promise<string[]> {
  const [x, y, z] = await Promise.all([edited, deleted, created].map((id) => headOf(stage, id)));
  return [
    ...((await isAccepted(stage, key)) ? [keyAccepted] : []),
    ...(x?.location === address ? [] : ["an edited code leads where it led before"]),
    ...(y?.status === 404 || y?.status === 410 ? [] : ["a deleted code leads on"]),
    ...(z?.location === address ? [] : ["a created code does not lead on"]),
  ];
}

/** One round; returns what never healed, and whether the revoked key was accepted even once. */
async function runRound(stage: Stage, own: OwnStack, round: number): Promise<{ cut: number; wrong: string[] }> {
  const changed = await change(stage, round);
  await own.cutPower();
  const cut = cutLog(own.dataDirectory, Math.floor(10 ** (cutMagnitudes * Math.random())));
  await own.start();
  const deadline = performance.now() + healedMsMax;
  let wrong: string[] = [];
  let wasAccepted = false;
  do {
    wasAccepted ||= await isAccepted(stage, changed.key);
    wrong = await wrongOf(stage, changed);
  } while (wrong.length > 0 && performance.now() < deadline);
  return { cut, wrong: [...new Set([...wrong, ...(wasAccepted ? [keyAccepted] : [])])] };
}

const powerCut: Row = {
  name: "power-cut",
  attack: `a power cut that costs the state Redis 1 byte to 10 kB of its last writes, ${rounds} times`,
  own: {},
  async run(stage) {
    const { own } = stage;
    if (!own) throw new Error("This row needs a stack of its own.");
    const counts = new Map<string, number>();
    for (let round = 1; round <= rounds; round++) {
      const { cut, wrong } = await runRound(stage, own, round);
      console.log(`  round ${round}, ${cut} bytes: ${wrong.join("; ") || "all as it was answered"}`);
      for (const what of wrong) counts.set(what, (counts.get(what) ?? 0) + 1);
    }
    for (const [what, count] of counts) stage.promise(false, `${what} (${count} of ${rounds} rounds)`);
    stage.saw(counts.size === 0 ? `${rounds} rounds, all as it was answered` : `${rounds} rounds`);
  },
};

/** Rows of a stack that loses its power. */
export const powerCutRows: Row[] = [powerCut];
