// Headers that are as long as they may be, on scans of codes that do not exist: every one that is parsed.
import { setTimeout as pause } from "node:timers/promises";
import type { Row } from "../row.js";
import type { Ask } from "../stage/client.js";
import { scans } from "../stage/others.js";
import type { Stage } from "../stage/stage.js";

/** All headers of a request may have 16,384 bytes; the gateway adds some of its own. */
const headerBytes = 15_900;
const perSecond = 73;
const attackMs = 8_000;
const fill = (text: string) => text.repeat(headerBytes / text.length);

/** Sends at a steady pace, whatever becomes of what was sent before. */
export async function pour(perSecond: number, forMs: number, send: (n: number) => Promise<unknown>): Promise<void> {
  const sending: Promise<unknown>[] = [];
  const startedAt = performance.now();
  for (let n = 0; performance.now() - startedAt < forMs; n++) {
    sending.push(send(n));
    await pause(Math.max(0, startedAt + ((n + 1) * 1_000) / perSecond - performance.now()));
  }
  await Promise.all(sending);
}

const floodWith = async (stage: Stage, headersOf: (n: number) => Record<string, string>) => {
  const others = await scans(stage);
  await stage.disturb(others, () =>
    pour(perSecond, attackMs, (n) => stage.attack({ url: `/q/NOBODY-${n}`, headers: headersOf(n) })),
  );
};

const acceptLanguage: Row = {
  name: "accept-language",
  attack: `16 kB of \`a,a,…\` as Accept-Language, ${perSecond} scans of unknown codes a second`,
  run: (stage) => floodWith(stage, () => ({ "Accept-Language": fill("a,") })),
};

/** Baits of those who parse: many items, many weights, what makes a pattern go back again and again. */
const baits: Record<string, string>[] = [
  ...["aa-bb-cc;q=0.123,", "a-", "aa;q=0.1;q=", ",", "aa \t", "*,"].map((text) => ({ "Accept-Language": fill(text) })),
  { "Accept-Language": `aa${" ".repeat(headerBytes - 3)}x` },
  { "Accept-Language": `aa${" ".repeat(headerBytes / 2 - 3)};${" ".repeat(headerBytes / 2 - 3)}q=2` },
  { "Accept-Language": `aa${fill("-a").slice(3)}!` },
  ...["10.0.0.1,", "127.0.0.1,", "1:", "[::1]:1,", "a,"].map((text) => ({ "X-Forwarded-For": fill(text) })),
  ...["http://a.", "https://a/%", "http://xn--", "http://1.1"].map((text) => ({ Referer: fill(text) })),
  { Referer: `https://${fill("a@").slice(9)}` },
  ...["Mozilla/5.0 (", "(((((", "Android ", "Version/", "a/1 ", "iPhone OS 1_1_", "; ", "\\"].map((text) => ({
    "User-Agent": fill(text),
  })),
  { "User-Agent": `Mozilla/5.0 (Linux; Android ${"1.".repeat(7_000)} Build` },
  { "Sec-Purpose": fill("pre") },
  { Purpose: fill("prefetc") },
  { Accept: fill("a/b;q=0.1,") },
  { "If-None-Match": fill('W/"a",') },
  { Prefer: fill("wait,") },
  { Range: `bytes=${fill("0-0,").slice(6)}` },
  { Cookie: fill("a=b;") },
  { "Content-Type": fill("a/b;c=d;") },
  { "Accept-Encoding": fill("gzip;q=0.1,") },
  { Connection: fill("a,") },
  { Forwarded: fill("for=a,") },
  { Host: fill("a.") },
  { "X-Request-Id": fill("a") },
];

const everyHeader: Row = {
  name: "every-header",
  attack: `16 kB of bait in every header that is parsed, ${perSecond} scans of unknown codes a second`,
  run: (stage) => floodWith(stage, (n) => baits[n % baits.length] as Record<string, string>),
};

const knownCodes: Row = {
  name: "every-header-known",
  attack: `the same on a code with rules by language and country, straight at the region, ${perSecond} a second`,
  async run(stage) {
    const others = await scans(stage);
    const when = [{ language: "de" }, { country: "AT" }, { device: "tv" }, { os: "Tizen" }];
    const json = {
      name: "Rules",
      destination_url: "https://example.com",
      rules: when.map((one) => ({ when: one, destination_url: "https://example.com/by-rule" })),
    };
    const made = await stage.client.send({ url: "/api/v1/dynamic/", headers: stage.demo.asUser, json });
    const { short_id } = JSON.parse(made.body.toString()) as { short_id: string };
    const url = `${stage.stack.file().regions[0]?.redirect}/q/${short_id}`;
    await stage.disturb(others, () =>
      pour(perSecond, attackMs, (n) =>
        stage.attack({ url, headers: baits[n % baits.length] as Record<string, string> }),
      ),
    );
  },
};

/** Baits of routes of the API: what they parse, and with which log-in. */
const apiAsks = (key: { "X-Api-Key": string }): Ask[] => [
  ...baits.map((headers) => ({ url: "/api/v1/usage/", headers: { ...headers, ...key } })),
  ...baits.map((headers) => ({
    url: "/api/v1/generate/",
    method: "POST",
    headers: { ...headers, ...key },
    body: "{}",
  })),
  { url: "/api/v1/me/", headers: { Authorization: `Bearer ${fill("a.")}` } },
  { url: "/api/v1/me/", headers: { Authorization: fill("Bearer ") } },
  { url: "/api/v1/me/", headers: { Authorization: `Bearer ${fill(" ")}x` } },
  { url: "/api/v1/generate/", method: "POST", body: "{}", headers: { "X-Api-Key": fill("smk_") } },
  { url: "/api/v1/dynamic/", method: "POST", body: "{}", headers: { ...key, "Idempotency-Key": fill("a") } },
];

const apiHeaders: Row = {
  name: "api-headers",
  attack: `16 kB of bait in every header of requests to the API, ${perSecond} a second`,
  async run(stage) {
    const person = await stage.people.signUp("agency");
    const asks = apiAsks(person.asKey);
    const others = { asks: [{ url: "/api/v1/me/", headers: stage.demo.asUser }] };
    await stage.disturb(others, () => pour(perSecond, attackMs, (n) => stage.attack(asks[n % asks.length] as Ask)));
  },
};

/** Rows of headers as long as they may be. */
export const headerRows: Row[] = [acceptLanguage, everyHeader, knownCodes, apiHeaders];
