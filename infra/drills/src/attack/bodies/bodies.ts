// Bodies that are small to send and large to read: members by the million, brackets, empty lines, one endless text.
import { setTimeout as pause } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import type { Row } from "../row.js";
import type { Ask } from "../stage/client.js";
import { cachedImage, whoAmI } from "../stage/others.js";

const json = { "Content-Type": "application/json" };
const gzipped = { ...json, "Content-Encoding": "gzip" };

/** `{"0":0,"1":0,…}`. */
function membersOf(count: number): string {
  return `{${Array.from({ length: count }, (_, n) => `"${n}":0`).join(",")}}`;
}

/** Sends again and again by several clients at once, until time is up; each rests for `restMs` after an answer. */
export async function hammer(clients: number, forMs: number, send: () => Promise<unknown>, restMs = 0): Promise<void> {
  const endsAt = performance.now() + forMs;
  const one = async () => {
    do {
      await send();
      await pause(restMs);
    } while (performance.now() < endsAt);
  };
  await Promise.all(Array.from({ length: clients }, one));
}

const attackMs = 10_000;

const membersGzipped: Row = {
  name: "members-gzip",
  attack: '`{"0":0,…}` with 90,000 members, gzipped, to auth/refresh, no log-in, three clients',
  async run(stage) {
    const body = gzipSync(membersOf(90_000));
    const send = () => stage.attack({ url: "/api/v1/auth/refresh/", headers: gzipped, body });
    await stage.disturb(whoAmI(stage), () => hammer(3, attackMs, send));
  },
};

const bulkMembers: Row = {
  name: "members-bulk",
  attack: "one JSON body with 1,450,000 members to generate/bulk",
  async run(stage) {
    const person = await stage.people.signUp();
    const ask = { url: "/api/v1/generate/bulk/", headers: { ...json, ...person.asKey }, body: membersOf(1_450_000) };
    await stage.disturb(whoAmI(stage), async () => void (await stage.attack(ask)));
  },
};

/** Rate at which a refused request is sent again: more would be no more than a busy line. */
const largeMs = 4_000;
const largeRestMs = 250;
/** 20 to 36 MB at once keep two cores busy for longer than a phone should wait. */
const othersMsMax = 100;

const brackets: Row = {
  name: "brackets",
  attack: "9 MB of `[` to generate, four at once, again and again; others may wait 100 ms",
  async run(stage) {
    const person = await stage.people.signUp();
    const ask = { url: "/api/v1/generate/", headers: { ...json, ...person.asKey }, body: "[".repeat(9_000_000) };
    await stage.disturb({ ...cachedImage(stage), othersMsMax }, () =>
      hammer(4, largeMs, () => stage.attack(ask), largeRestMs),
    );
  },
};

const tableBytes = 19_999_000;
const fill = (text: string) => Buffer.alloc(tableBytes, text);

/** Tables of 20 MB, each by what it is full of. */
const tables: [name: string, what: string, body: () => Buffer][] = [
  ["newlines", "newlines", () => fill("\n")],
  ["crlf", "CR LF", () => fill("\r\n")],
  ["spaced", "999 newlines and an x, again and again; others may wait 100 ms", () => fill(`${"\n".repeat(999)}x`)],
  ["commas", "commas", () => fill(",")],
  ["quotes", "quotes", () => fill('"')],
  ["quoted-cells", "empty quoted cells", () => fill('"",')],
];

const csvRows = tables.map(
  ([name, what, body]): Row => ({
    name: `csv-${name}`,
    attack: `20 MB of ${what} as CSV to generate/bulk; others may wait 100 ms`,
    async run(stage) {
      const person = await stage.people.signUp();
      const headers = { ...person.asKey, "Content-Type": "text/csv" };
      const ask = { url: "/api/v1/generate/bulk/", headers, body: body() };
      await stage.disturb({ ...whoAmI(stage), othersMsMax }, () =>
        hammer(1, largeMs, () => stage.attack(ask), largeRestMs),
      );
    },
  }),
);

/** Beyond 8.4 million characters V8's regular expressions run out of stack. */
const textLength = 9_000_000;

const longText: Row = {
  name: "long-text",
  attack: "a JSON body with one text of 9 million characters to generate, validate, dynamic and bulk",
  async run(stage) {
    const person = await stage.people.signUp();
    const text = "a".repeat(textLength);
    const bodies: [url: string, body: object][] = [
      ["/api/v1/generate/", { data: text }],
      ["/api/v1/generate/", { data: "x", logo: text }],
      ["/api/v1/validate/", { data: text }],
      ["/api/v1/dynamic/", { name: text, destination_url: "https://example.com" }],
      ["/api/v1/generate/bulk/", { items: [{ data: text }] }],
    ];
    const asks = bodies.flatMap(([url, body]): Ask[] => {
      const plain = Buffer.from(JSON.stringify(body));
      return [
        { url, headers: { ...person.asKey, ...json }, body: plain },
        { url, headers: { ...person.asKey, ...gzipped }, body: gzipSync(plain) },
      ];
    });
    await stage.disturb(whoAmI(stage), async () => {
      for (const ask of asks) await stage.attack(ask);
    });
  },
};

/** Rows of bodies that cost more to read than to send. */
export const bodyRows: Row[] = [membersGzipped, bulkMembers, brackets, ...csvRows, longText];
