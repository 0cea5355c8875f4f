// Inputs that were answered 500: characters and numbers that a store does not take, names that every object has. All
// streams with all cursors, all lists with all filters, all bodies with all members.
import { readArchive } from "../archive.js";
import type { Answer, Ask } from "./client.js";
import { makeCodes } from "./others.js";
import type { Row } from "./row.js";
import type { Stage } from "./stage.js";

const uuid = "00000000-0000-4000-8000-000000000000";
const moments = [
  "0000-01-01T00:00:00Z",
  "0000-12-31T23:59:59.999Z",
  "0001-01-01T00:00:00Z",
  "9999-12-31T23:59:59.999Z",
  "9999-12-31T23:59:59.999999999999Z",
  "2026-02-30T00:00:00Z",
  "-271821-04-20T00:00:00Z",
];

/** What cursors hold in JSON, sound and absurd. */
const positions = [
  ...moments.flatMap((moment) => [
    [moment, uuid],
    [uuid, moment],
    ...["after", "before"].map((side) => [side, moment, uuid]),
  ]),
  ...["999999999999999999", "-1", "\0", "x".repeat(500), ""].flatMap((key) => [
    key,
    [key, uuid],
    ["after", key, uuid],
    [key],
  ]),
  ...[
    0,
    -1,
    2 ** 53,
    null,
    true,
    [],
    {},
    [[]],
    [null, null],
    [0, uuid],
    [moments[0], "not a uuid"],
    ["after", null, uuid],
  ],
].map((position) => Buffer.from(JSON.stringify(position)).toString("base64url"));
const cursors = [
  ...positions,
  ...["[1e999,1e999]", '["__proto__"]', "[", "\ud800"].map((text) => Buffer.from(text).toString("base64url")),
  "%00",
  "%FF",
  "a b",
];

const streams = ["audit", "calls", "scans", "dynamic/ID/scans"];
const orderings = ["created_at", "-updated_at", "name", "scan_count", "last_scanned_at"];
const paged = ["keys", "members", "workspaces", "bulk", "dynamic/ID/history", "dynamic/ID/scheduled", "orphans"];
const filters: [route: string, names: string[]][] = [
  ["audit", ["target", "actor_id", "action", "from", "to", "limit", "cursor"]],
  ["calls", ["key", "status", "cache", "from", "to", "limit"]],
  ["dynamic", ["search", "tag", "folder", "is_active", "ordering", "deleted", "page", "page_size"]],
  ["dynamic/export", ["search", "tag", "folder", "format"]],
  ["scans", ["country", "city", "device", "language", "referrer", "from", "to", "timezone", "tag", "folder"]],
  ["scans/export", ["country", "city", "format", "timezone", "tag"]],
  [
    "analytics",
    ["country", "browser", "variant", "interval", "from", "to", "timezone", "compare", "top", "tag", "folder"],
  ],
  ["dynamic/ID/analytics", ["country", "serving_region", "interval", "from", "to", "timezone", "top"]],
  ["orphans", ["days", "limit"]],
  ["dynamic/ID/history", ["at", "page"]],
  ["dynamic/ID/image", ["format", "size", "color", "logo_url"]],
];
const oddValues = [
  ...[
    "%00",
    "a%00b",
    "%ED%A0%80",
    "%FF",
    "%F0%9F%92%A9",
    "1e999",
    "-1",
    "99999999999999999999",
    "NaN",
    "0000-01-01",
    "[]",
    "%25",
    "_",
    "%5C",
  ],
  ...[
    "0000-01-01T00:00:00Z",
    "9999-12-31T23:59:59%2B14:00",
    "0001-01-01T00:00:00-23:59",
    "constructor",
    "__proto__",
    "toString",
  ],
];
const names = ["constructor", "__proto__", "toString", "hasOwnProperty", "valueOf"];

const queries = (): string[] => [
  ...streams.flatMap((route) => cursors.map((cursor) => `${route}/?cursor=${cursor}`)),
  ...orderings.flatMap((ordering) => cursors.map((cursor) => `dynamic/?ordering=${ordering}&cursor=${cursor}`)),
  ...paged.flatMap((route) => ["0", "-1", "1e9", "1000001", "%00", "NaN"].map((page) => `${route}/?page=${page}`)),
  ...filters.flatMap(([route, all]) => all.flatMap((name) => oddValues.map((value) => `${route}/?${name}=${value}`))),
  ...filters.flatMap(([route]) => names.flatMap((name) => [`${route}/?${name}=1`, `${route}/?${name}[a]=1`])),
];

const queryRow: Row = {
  name: "odd-queries",
  attack: "`audit/?target=%00`, every stream with absurd cursors, every filter with NUL, surrogates and year 0000",
  async run(stage) {
    const [shortId = ""] = await makeCodes(stage, 1);
    for (const query of queries()) {
      const url = `/api/v1/${query.replace("/ID/", `/${shortId}/`)}`;
      await stage.attack({ url, headers: stage.demo.asUser });
    }
  },
};

/** JSON texts, because no value of JavaScript is `1e999`. */
const oddMembers = [
  ...[
    '"size":1e999',
    '"name":1e999',
    '"a":1e999',
    '"name":"\\u0000"',
    '"name":"\\ud800"',
    '"max_scans":1e999',
    '"max_scans":1e308',
  ],
  ...names.flatMap((name) => [
    `"${name}":1`,
    `"${name}":{"a":1}`,
    `"payload":{"${name}":"x"}`,
    `"when":{"${name}":"x"}`,
  ]),
];
const creating: [route: string, rest: string][] = [
  ["keys", '"scopes":["render"]'],
  ["dynamic", '"destination_url":"https://example.com"'],
  ["members", '"role":"viewer"'],
  ["workspaces", '"b":1'],
  ["generate", '"data":"x"'],
  ["generate", '"data_type":"dynamic","payload":{"name":"x","destination_url":"https://example.com"}'],
  ["validate", '"data":"x"'],
  ["generate/bulk", '"items":[{"data":"x"}]'],
  ["generate/bulk", '"items":[{"data":"x","size":1e999}]'],
  ["generate/bulk", '"items":[{"data":"x"}],"defaults":{"size":1e999}'],
  ["auth/login", '"email":"a@example.com"'],
  ["dynamic/ID/resolve", '"language":"de"'],
  ["dynamic/ID/rollback", '"version":1'],
];
/** Tables with a column of each name, whose cells the manifest has to carry. */
const tables = names.flatMap((name) => [
  `url,${name}\nhttps://example.com,x\n`,
  `${name},url\nx,https://example.com\n`,
  `url,filename,${name}\nhttps://example.com,${name},${name}\n`,
]);
const items = names.flatMap((name) => [
  `{"items":[{"data":"https://example.com","${name}":"x"}]}`,
  `{"items":[{"data":"https://example.com","extra":{"${name}":"x"}}]}`,
  `{"items":[{"data":"https://example.com","filename":"${name}"}]}`,
  `{"items":[{"data":"https://example.com"}],"defaults":{"${name}":"x"}}`,
]);

const bodyAsks = (shortId: string): Ask[] => {
  const ask = (route: string, type: string, body: string, more = {}): Ask => ({
    url: `/api/v1/${route.replace("ID", shortId)}`,
    headers: { "Content-Type": type, ...more },
    body,
  });
  const json = "application/json";
  const once = (n: number) => ({ "Idempotency-Key": `odd-${Date.now()}-${n}` });
  const odd = creating.flatMap(([route, rest]) => oddMembers.map((member) => ({ route, body: `{${rest},${member}}` })));
  return [
    ...odd.map(({ route, body }, n) => ask(route, json, body, once(n))),
    ...tables.map((table) => ask("generate/bulk", "text/csv", table, { Prefer: "wait=10" })),
    ...items.map((body) => ask("generate/bulk", json, body, { Prefer: "wait=10" })),
    ...names.map((name) => ask(`generate/bulk?${name}=x`, "text/csv", "url\nhttps://example.com\n")),
    ...["generate", "validate", "generate/bulk"].flatMap((route) =>
      names.map((name) =>
        ask(
          route,
          "multipart/form-data; boundary=X",
          `--X\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n1\r\n--X--\r\n`,
        ),
      ),
    ),
  ];
};

/** Whether a table was drawn, and its columns are in the manifest under their own names. */
async function checkManifest(stage: Stage, table: string, answer: Answer): Promise<void> {
  const shown = JSON.stringify(table.split("\n")[0]);
  stage.promise(answer.status === 200, `a table with the columns ${shown} is answered ${answer.status}`);
  if (answer.status !== 200) return;
  const manifest = (await readArchive(answer.body)).find(({ name }) => name === "manifest.csv");
  const columns = manifest?.bytes.toString().split(/\r?\n/)[0]?.split(",") ?? [];
  const extra = names.filter((name) => (table.split("\n")[0] ?? "").split(",").includes(name));
  const lost = extra.filter((name) => !columns.some((column) => column.toLowerCase() === name.toLowerCase()));
  stage.promise(lost.length === 0, `the manifest lacks the column ${lost.join()}`);
}

const bodyRow: Row = {
  name: "odd-bodies",
  attack: "`1e999` with an Idempotency-Key, members and columns called constructor, __proto__, toString, everywhere",
  async run(stage) {
    const [shortId = ""] = await makeCodes(stage, 1);
    for (const ask of bodyAsks(shortId)) {
      const as = /generate|validate/.test(ask.url) ? stage.demo.asKey : stage.demo.asUser;
      const answer = await stage.attack({ ...ask, headers: { ...ask.headers, ...as } });
      if (tables.includes(String(ask.body))) await checkManifest(stage, String(ask.body), answer);
    }
  },
};

export const fiveRows: Row[] = [queryRow, bodyRow];
