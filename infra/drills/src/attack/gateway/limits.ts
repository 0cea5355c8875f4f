// Limits of one customer, or of a stranger, on shared resources: event streams, look-ups of keys, requests by many
// keys.
import { createHash, randomBytes } from "node:crypto";
import { type ClientRequest, get, type IncomingMessage } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import type { Row } from "../row.js";
import { expectStatus, jsonOf } from "../stage/client.js";
import { cachedImage, whoAmI } from "../stage/others.js";
import type { Person } from "../stage/people.js";
import type { Stage } from "../stage/stage.js";
import { pour } from "./headers.js";

const streamCount = 250;
/** Opening hundreds at once takes a busy machine a while. */
const openMsMax = 20_000;

type Opened = { req: ClientRequest; status: number };

/** Opens an event stream and leaves it open. */
function openStream(url: string, headers: Record<string, string>, localAddress: string): Promise<Opened> {
  return new Promise((resolve) => {
    const req = get(url, { headers, agent: false, localAddress, timeout: openMsMax }, (res: IncomingMessage) => {
      res.resume().on("error", () => {});
      resolve({ req, status: res.statusCode ?? 0 });
    });
    req.on("error", () => resolve({ req, status: 0 }));
    req.on("timeout", () => resolve({ req, status: 0 }));
  });
}

/** Places an order and returns its path; of so many rows that it is under way for a while. */
async function placeOrder({ client }: Stage, { asKey }: Person, rows: number): Promise<string> {
  const items = Array.from({ length: rows }, (_, n) => ({ data: `https://example.com/${Date.now()}/${n}` }));
  const json = { defaults: { size: 1_500, pattern: "liquid" }, items };
  const answer = await client.send({ url: "/api/v1/generate/bulk/", headers: asKey, json });
  return `/api/v1/bulk/${jsonOf<{ id: string }>(expectStatus(answer, 202)).id}`;
}

const streams: Row = {
  name: "streams",
  attack: `one key opens ${streamCount} event streams of each kind: of an order, of a workspace, of a code`,
  async run(stage) {
    const person = await stage.people.signUp("agency");
    const code = { name: "x", destination_url: "https://example.com" };
    const made = await stage.client.send({ url: "/api/v1/dynamic/", headers: person.asKey, json: code });
    const { short_id } = jsonOf<{ short_id: string }>(expectStatus(made, 201));
    const order = await placeOrder(stage, person, 1_000);
    const { gateway } = stage.stack.file();
    const open: Opened[] = [];
    try {
      for (const path of [
        `${order}/events/`,
        "/api/v1/analytics/live/",
        `/api/v1/dynamic/${short_id}/analytics/live/`,
      ]) {
        const all = Array.from({ length: streamCount }, () => openStream(gateway + path, person.asKey, "127.0.0.2"));
        const opened = await Promise.all(all);
        stage.sent(
          opened.reduce((sum, { req }) => sum + (req.socket?.bytesWritten ?? 0), 0),
          streamCount,
        );
        open.push(...opened);
        stage.saw(`${opened.filter(({ status }) => status === 200).length} of ${streamCount} opened`);
      }
      const others = await placeOrder(stage, stage.demo, 1);
      for (const path of [`${others}/events/`, "/api/v1/analytics/live/"]) {
        const { req, status } = await openStream(gateway + path, stage.demo.asKey, "127.0.0.1");
        req.destroy();
        stage.promise(status === 200, `another workspace's ${path.replace(/[0-9a-f-]{36}/, "ID")} answers ${status}`);
      }
    } finally {
      for (const { req } of open) req.destroy();
      await stage.client.send({ method: "DELETE", url: `${order}/`, headers: person.asKey });
    }
  },
};

/** A key that nobody has: its checksum is right, so that it must be looked up. */
function wellFormedKey(): string {
  const body = `smk_${randomBytes(23).toString("base64url").slice(0, 30)}`;
  return `${body}${createHash("sha256").update(body).digest("base64url").slice(0, 6)}`;
}

const guesses = 2_000;
const guessMs = 8_000;

const unknownKeys: Row = {
  name: "unknown-keys",
  attack: `${guesses} unknown, well-formed API keys in ${guessMs / 1_000} s, half to generate and half to dynamic`,
  async run(stage) {
    let limited = 0;
    await stage.disturb(cachedImage(stage), () =>
      pour(guesses / (guessMs / 1_000), guessMs, async (n) => {
        const headers = { "X-Api-Key": wellFormedKey() };
        const ask =
          n % 2 === 0 ? { url: "/api/v1/dynamic/", headers } : { url: "/api/v1/generate/", headers, json: {} };
        if ((await stage.attack(ask)).status === 429) limited += 1;
      }),
    );
    stage.promise(limited > 0, "guesses at keys are never limited");
    for (const url of ["/api/v1/dynamic/", "/api/v1/generate/"]) {
      const json = url.includes("generate") ? { json: { data: "https://example.com" } } : {};
      const { status } = await stage.attack({ url, headers: stage.demo.asKey, ...json });
      stage.promise(status === 200, `a valid key from the same address is answered ${status} by ${url}`);
    }
  },
};

const keyCount = 20;
const perKey = 60;
const betweenMs = 50;

const manyKeys: Row = {
  name: "many-keys",
  attack:
    `${keyCount} keys of one free workspace, ${perKey} requests each within a few seconds; ` +
    "a key may ask 120 times a minute",
  async run(stage) {
    const person = await stage.people.signUp();
    const keys = [person.asKey];
    while (keys.length < keyCount) keys.push((await stage.people.newKey(person)).asKey);
    const statuses: number[] = [];
    await stage.disturb(whoAmI(stage), async () => {
      for (let n = 0; n < perKey; n++) {
        const asked = keys.map((headers) => stage.attack({ url: "/api/v1/dynamic/", headers }));
        statuses.push(...(await Promise.all(asked)).map(({ status }) => status));
        await pause(betweenMs);
      }
    });
    const served = statuses.filter((status) => status === 200).length;
    stage.saw(`${served} of ${statuses.length} served`);
    stage.promise(served < statuses.length, "a workspace has as many requests as it makes keys");
    stage.promise(served > 0, "a workspace has no requests at all");
  },
};

/** Rows of one client at the limits of what all share. */
export const limitRows: Row[] = [streams, unknownKeys, manyKeys];
