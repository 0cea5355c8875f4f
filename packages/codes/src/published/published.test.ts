import { randomUUID } from "node:crypto";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { z } from "zod";
import { isRouting } from "../routing/routing.js";
import { type LiveCode, parsePublishedCode } from "./published.js";

const good: LiveCode = {
  schema: 1,
  id: randomUUID(),
  workspace_id: randomUUID(),
  short_id: "ABC",
  version: 1,
  destination_url: "https://example.com/",
  is_active: true,
  expires_at: "2026-11-21T10:00:00Z",
  fallback_url: "http://example.com/later",
};
const deleted = { schema: 1, id: good.id, short_id: "ABC", version: 2, deleted: true };

/** The same said declaratively: what the check by hand must agree with. */
const common = {
  schema: z.literal(1),
  id: z.guid().regex(/^.{14}[1-8].{4}[89abAB]/),
  short_id: z.string().regex(/^[A-Z0-9-]{3,64}$/),
  version: z.int().positive().max(2_147_483_647),
};
const address = z
  .string()
  .max(4_000)
  .regex(/^https?:\/\/[\x21-\x7e]+$/);
const publishedCode = z.union([
  z.strictObject({ ...common, deleted: z.literal(true) }),
  z.strictObject({
    ...common,
    workspace_id: common.id,
    destination_url: address,
    is_active: z.boolean(),
    expires_at: z.iso.datetime().nullable(),
    fallback_url: address.nullable(),
    limit: z
      .strictObject({
        max: z
          .int()
          .min(1)
          .max(2 ** 32 - 1),
        used: z
          .int()
          .min(0)
          .max(2 ** 32 - 1),
      })
      .optional(),
    routing: z.custom((value) => isRouting(value)).optional(),
  }),
]);

test("a row is taken or refused exactly as its schema says, whatever is changed, added or left out", () => {
  const values = fc.oneof(
    fc.constantFrom<unknown>(
      null,
      true,
      false,
      0,
      1,
      2,
      1.5,
      -1,
      2 ** 31 - 1,
      2 ** 31,
      2 ** 60,
      "",
      "ABC",
      "abc",
      "AB",
    ),
    fc.constantFrom<unknown>("https://x/", "https://x/ü", "https://x/ y", "ftp://x/", "https://", "HTTPS://x/", [], {}),
    fc.constantFrom<unknown>("2026-02-29T00:00:00Z", "2028-02-29T00:00:00.5Z", "2026-01-01T00:00:00+01:00"),
    fc.constantFrom<unknown>("00000000-0000-0000-0000-000000000000", good.id.toUpperCase(), good.id.slice(1)),
    fc.integer({ min: 3_980, max: 4_010 }).map((length) => `https://x/${"a".repeat(length - 10)}`),
    fc.constantFrom<unknown>({ max: 1, used: 0 }, { max: 0, used: 0 }, { max: 2 ** 32, used: 1 }, { max: 5 }),
    fc.constantFrom<unknown>({ query: true }, { query: false }, { utm: "utm_source=a" }, { rules: [] }),
    fc.jsonValue({ maxDepth: 1 }),
  );
  const names = [...Object.keys({ ...good, ...deleted }), "limit", "routing", "surprise", "__proto__", "constructor"];
  const fields = fc.constantFrom(...names);
  const changes = fc.array(fc.tuple(fields, fc.option(values, { nil: undefined })), { maxLength: 2 });
  fc.assert(
    fc.property(fc.constantFrom(good, deleted), changes, (row, edits) => {
      // As text, because only there `__proto__` is a field like others.
      const members = Object.entries(row).filter(([name]) => !edits.some(([edited]) => edited === name));
      const added = edits.filter(([, value]) => value !== undefined);
      const json = `{${[...members, ...added].map(([name, value]) => `"${name}":${JSON.stringify(value)}`).join(",")}}`;
      const expected = publishedCode.safeParse(JSON.parse(json));
      // Zod does not look at a member of this name; to us it is one too many.
      const isTaken = expected.success && !added.some(([name]) => name === "__proto__");
      expect(parsePublishedCode(json)).toEqual(isTaken ? JSON.parse(json) : null);
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  ["no JSON", "{"],
  ["no object", "null"],
  ["another kind of value", "7"],
  ["no address", JSON.stringify({ ...good, destination_url: null })],
  ["an address of ten megabytes", JSON.stringify({ ...good, destination_url: `https://x/${"a".repeat(10_000_000)}` })],
  ["ten megabytes of blanks", JSON.stringify(good) + " ".repeat(10_000_000)],
  ["an address that is not of the web", JSON.stringify({ ...good, destination_url: "javascript:alert(1)" })],
  ["an address with a line break", JSON.stringify({ ...good, destination_url: "https://x/\r\nSet-Cookie: a=b" })],
  ["a fallback address with a blank", JSON.stringify({ ...good, fallback_url: "https://x/a b" })],
  ["an unknown field", JSON.stringify({ ...good, surprise: 1 })],
  ["a newer schema", JSON.stringify({ ...good, schema: 2 })],
  ["a version of zero", JSON.stringify({ ...good, version: 0 })],
  ["a rule with a script", JSON.stringify({ ...good, routing: { rules: [{ url: "javascript:alert(1)" }] } })],
  ["a rule that ends a header", JSON.stringify({ ...good, routing: { rules: [{ url: "https://x/\r\nA: b" }] } })],
  ["a rule of an unknown condition", JSON.stringify({ ...good, routing: { rules: [{ url: "https://x/", moon: 1 }] } })],
  ["a rule of an unknown zone", JSON.stringify({ ...good, routing: { rules: [{ url: "https://x/", zone: "Moon" }] } })],
  ["an app address with a line break", JSON.stringify({ ...good, routing: { apps: { ios: "app://x\n" } } })],
])("a row with %s is refused", (_what, json) => {
  expect(parsePublishedCode(JSON.stringify(good))).toEqual(good);
  expect(parsePublishedCode(json)).toBeNull();
});
