// Bodies that unpack, nest or repeat: bombs of every content coding, endless lists for every list there is, names of a
// megabyte, and forms of a hundred thousand parts.
import { brotliCompressSync, constants, deflateSync, gzipSync } from "node:zlib";
import type { Row } from "../row.js";
import type { Ask } from "../stage/client.js";
import { makeCodes, whoAmI } from "../stage/others.js";
import type { Others, Stage } from "../stage/stage.js";
import { hammer } from "./bodies.js";

const json = { "Content-Type": "application/json" };
const attackMs = 10_000;
const clients = 3;
/** Clients that never rest keep two cores busy, whatever they send. */
const othersMsMax = 100;

/** Sends all of `asks` again and again, each client from another one on. */
export function hammerAll(stage: Stage, others: Others, asks: Ask[], forMs = attackMs): Promise<void> {
  let next = 0;
  const send = () => stage.attack(asks[next++ % asks.length] as Ask);
  return stage.disturb({ ...others, othersMsMax }, async () => {
    for (const ask of asks) await stage.attack(ask);
    await hammer(clients, forMs, send);
  });
}

const brotli = (bytes: Buffer) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } });
const codings: [name: string, pack: (bytes: Buffer) => Buffer][] = [
  ["gzip", (bytes) => gzipSync(bytes, { level: 9 })],
  ["deflate", (bytes) => deflateSync(bytes, { level: 9 })],
  ["br", brotli],
];
/** Beyond every limit, and just within that of a table. */
const unpackedBytes = [200_000_000, 19_900_000, 950_000];
const bombed = ["auth/login", "auth/refresh", "dynamic", "generate", "validate", "generate/bulk"];

const bombs: Row = {
  name: "bombs",
  attack:
    "gzip, deflate and br of up to 200 MB of spaces, 1000:1, to auth, dynamic, generate, validate and bulk; " +
    "others may wait 100 ms",
  async run(stage) {
    const person = await stage.people.signUp("pro");
    const asks = codings.flatMap(([coding, pack]) =>
      unpackedBytes.flatMap((size) => {
        const body = pack(Buffer.alloc(size, " "));
        const headers = { ...json, ...person.asKey, "Content-Encoding": coding };
        return bombed.map((route): Ask => ({ url: `/api/v1/${route}/`, headers, body }));
      }),
    );
    await hammerAll(stage, whoAmI(stage), asks);
  },
};

const words = (count: number, word = "a") => Array.from({ length: count }, (_, n) => `${word}${n % 10}`);
const listLength = 100_000;
const wide = (levels: number, width: number): string => {
  const side = Array.from({ length: width }, (_, n) => `"${n}":[]`).join(",");
  return `${`{${side},"d":`.repeat(levels)}0${"}".repeat(levels)}`;
};
const duplicates = `{${`"name":"x",`.repeat(50_000)}"name":"x"}`;
const longName = `{"${"n".repeat(950_000)}":1}`;
const code = { name: "x", destination_url: "https://example.com" };

/** Bodies as they are sent to a route, by what is odd in them. */
function oddBodies(shortId: string): [method: string, route: string, body: string | object][] {
  const list = words(listLength);
  const dynamic = `dynamic/${shortId}`;
  const everywhere = [wide(200, 20), wide(1_000, 1), "[".repeat(200_000), duplicates, longName];
  const routes = ["dynamic", "generate", "validate", "generate/bulk", "auth/login", "keys"];
  return [
    ...routes.flatMap((route) => everywhere.map((body): [string, string, string] => ["POST", route, body])),
    ...["rules", "variants", "tags"].flatMap((field): [string, string, object][] => [
      ["POST", "dynamic", { ...code, [field]: list }],
      ["PATCH", dynamic, { [field]: list }],
    ]),
    ["PATCH", dynamic, { rules: [{ when: { country: list }, destination_url: code.destination_url }] }],
    ["PATCH", dynamic, { rules: [{ when: { language: list, days: list }, destination_url: code.destination_url }] }],
    ["PATCH", "dynamic", { short_ids: list, changes: { tags: list } }],
    ["PATCH", "dynamic", { short_ids: words(50_000, "ABC-"), changes: { is_active: true } }],
    ["POST", "generate", { data_type: "vcard", payload: { name: "x", phones: list, emails: list } }],
    ["POST", "generate", { data_type: "email", payload: { to: list, cc: list } }],
    ["POST", "generate", { data_type: "dynamic", payload: { ...code, tags: list } }],
    ["POST", "validate", { data: "x", ...Object.fromEntries(words(2_000, "field").map((name, n) => [name + n, n])) }],
    ["POST", "generate/bulk", { items: list }],
    ["POST", "generate/bulk", { items: [Object.fromEntries(words(50_000).map((name, n) => [name + n, n]))] }],
    [
      "POST",
      "generate/bulk",
      { items: [{ data: "x" }], defaults: Object.fromEntries(list.map((name, n) => [name + n, n])) },
    ],
    ["POST", `${dynamic}/resolve`, { language: words(listLength).join(",") }],
  ];
}

const nesting: Row = {
  name: "nesting",
  attack:
    "200 levels of 20 members, 100,000 texts for every list, 50,000 duplicate members, a name of 950 kB; " +
    "others may wait 100 ms",
  async run(stage) {
    const [shortId = ""] = await makeCodes(stage, 1);
    const person = await stage.people.signUp("agency");
    const asks = oddBodies(shortId).map(([method, route, body]): Ask => {
      const text = typeof body === "string" ? body : JSON.stringify(body);
      return { method, url: `/api/v1/${route}/`, headers: { ...json, ...person.asKey }, body: text };
    });
    await hammerAll(stage, whoAmI(stage), asks);
  },
};

const part = (headers: string, body = "") => `--X\r\n${headers}\r\n\r\n${body}\r\n`;
const field = (name: string, body = "") => part(`Content-Disposition: form-data; name="${name}"`, body);
const file = (name: string, body = "") =>
  part(`Content-Disposition: form-data; name="${name}"; filename="a.png"\r\nContent-Type: image/png`, body);
const end = "--X--\r\n";

/** Forms by what is odd in them. */
const forms: string[] = [
  Array.from({ length: 100_000 }, (_, n) => field(`f${n}`)).join("") + end,
  Array.from({ length: 100_000 }, () => field("data")).join("") + end,
  Array.from({ length: 20_000 }, (_, n) => file(`f${n}`)).join("") + end,
  part(`Content-Disposition: form-data; name="data"\r\nX-Long: ${"h".repeat(16_000)}`, "x") + end,
  part(`Content-Disposition: form-data; name="data"\r\n${"X-Many: h\r\n".repeat(100_000)}X: y`, "x") + end,
  field("n".repeat(1_000_000), "x") + end,
  field("data", "v".repeat(5_000_000)) + end,
  `${"\r\n--".repeat(2_000_000)}${end}`,
  `--X\r\nContent-Disposition: form-data; name="data"\r\n\r\n${"\r\n--".repeat(2_000_000)}`,
  "--X".repeat(2_000_000),
  "\r\n".repeat(4_000_000),
];
const types = [
  "multipart/form-data; boundary=X",
  `multipart/form-data; boundary=${"X".repeat(4_000)}`,
  "multipart/form-data",
  `multipart/form-data;${" a=b;".repeat(1_000)} boundary=X`,
];

const formsRow: Row = {
  name: "forms",
  attack:
    "forms of 100,000 parts, headers of 16 kB, names of 1 MB, boundaries without end, to generate and bulk; " +
    "others may wait 100 ms",
  async run(stage) {
    const person = await stage.people.signUp("agency");
    const asks = ["generate", "validate", "generate/bulk"].flatMap((route) =>
      [...forms.map((body) => [types[0], body]), ...types.map((type) => [type, forms[0]])].map(
        ([type = "", body = ""]): Ask => ({
          url: `/api/v1/${route}/`,
          headers: { ...person.asKey, "Content-Type": type },
          body,
        }),
      ),
    );
    await hammerAll(stage, whoAmI(stage), asks);
  },
};

/** Rows of bodies that unpack, nest or repeat. */
export const unpackingRows: Row[] = [bombs, nesting, formsRow];
