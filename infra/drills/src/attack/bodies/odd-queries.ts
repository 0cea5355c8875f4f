// Queries that were answered 500: characters and numbers that a store does not take, in all cursors of all streams and
// all filters of all lists.

import type { Row } from "../row.js";
import { makeCodes } from "../stage/others.js";

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

/** JSON of cursors, sound and absurd. */
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
/** Names that every object has. */
export const inheritedNames = ["constructor", "__proto__", "toString", "hasOwnProperty", "valueOf"];

const queries = (): string[] => [
  ...streams.flatMap((route) => cursors.map((cursor) => `${route}/?cursor=${cursor}`)),
  ...orderings.flatMap((ordering) => cursors.map((cursor) => `dynamic/?ordering=${ordering}&cursor=${cursor}`)),
  ...paged.flatMap((route) => ["0", "-1", "1e9", "1000001", "%00", "NaN"].map((page) => `${route}/?page=${page}`)),
  ...filters.flatMap(([route, all]) => all.flatMap((name) => oddValues.map((value) => `${route}/?${name}=${value}`))),
  ...filters.flatMap(([route]) => inheritedNames.flatMap((name) => [`${route}/?${name}=1`, `${route}/?${name}[a]=1`])),
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

/** Rows of query strings that no store takes. */
export const oddQueryRows: Row[] = [queryRow];
