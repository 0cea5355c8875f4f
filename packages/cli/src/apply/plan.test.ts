import { expect, test } from "@jest/globals";
import type { Code, CodeChanges } from "qrfactory";
import { UsageError } from "../failure.js";
import { readDesired } from "./desired.js";
import { changesOf, planOf } from "./plan.js";

const code = (fields: Partial<Code>): Code =>
  ({ short_id: "A", name: "A", destination_url: "https://example.com/", version: 3, tags: [], ...fields }) as Code;

test.each<[string, Partial<Code>, object]>([
  [
    "addresses in their normal form",
    { destination_url: "https://example.com/" },
    { destination_url: "HTTPS://Example.com" },
  ],
  ["moments in any zone", { expires_at: "2029-12-31T23:00:00.000Z" }, { expires_at: "2030-01-01T00:00:00+01:00" }],
  ["moments that YAML has read", { expires_at: "2030-01-01T00:00:00.000Z" }, { expires_at: new Date("2030-01-01") }],
  ["tags that are there twice", { tags: ["a", "b"] }, { tags: ["a", "b", "a"] }],
  [
    "rules without the ids that were given",
    { rules: [{ id: "r1", when: { country: "AT", os: "iOS" }, destination_url: "https://example.at/" }] },
    { rules: [{ destination_url: "https://example.at", when: { os: "iOS", country: "AT" } }] },
  ],
  ["fields that the file does not name", { folder: "kept", notes: "kept" }, { name: "A" }],
])("%s make no difference", (_name, there, wanted) => {
  expect(changesOf(code(there), wanted as CodeChanges)).toEqual([]);
});

test.each<[string, Partial<Code>, CodeChanges]>([
  ["a path", { destination_url: "https://example.com/a" }, { destination_url: "https://example.com/b" }],
  ["the order of rules", { tags: ["a", "b"] }, { tags: ["b", "a"] }],
  [
    "an id of one's own",
    { variants: [{ id: "x", destination_url: "https://a.at/", weight: 1 }] },
    { variants: [{ id: "y", destination_url: "https://a.at/", weight: 1 }] },
  ],
  ["a field that is taken back", { folder: "x" }, { folder: null }],
])("%s makes a difference", (_name, there, wanted) => {
  expect(changesOf(code(there), wanted)).toHaveLength(1);
});

test("what is there is edited, what was deleted is brought back, what is new is made, what is left over goes", () => {
  const fields = { name: "New", destination_url: "https://example.com/" };
  const desired = ["A", "B", "C", "D"].map((shortId) => ({ shortId, fields }));
  const there = new Map([
    ["A", code({ short_id: "A", name: "Old" })],
    ["D", code({ short_id: "D", name: "New" })],
  ]);
  const deleted = new Map([["B", code({ short_id: "B", name: "New", version: 9 })]]);
  expect(planOf(desired, there, deleted, [code({ short_id: "A" }), code({ short_id: "E", name: "Left" })])).toEqual([
    { act: "update", shortId: "A", version: 3, changes: [{ field: "name", before: "Old", after: "New" }] },
    { act: "restore", shortId: "B", version: 9, changes: [] },
    { act: "create", shortId: "C", fields },
    { act: "delete", shortId: "E", name: "Left" },
  ]);
});

test.each([
  ["codes: {", /codes\.yaml:/],
  ["", /no list named codes/],
  ["codes: []\nother: 1", /other is not known here/],
  ["codes:\n  - name: A", /codes\[0\] needs a short_id/],
  [
    "codes:\n  - {short_id: a, name: A, destination_url: x}\n  - {short_id: A, name: A, destination_url: x}",
    /A is there twice/,
  ],
  ["codes:\n  - {short_id: a, name: A, name: B, destination_url: x}", /unique/],
])("a file is refused with what is wrong: %j", (text, message) => {
  expect(() => readDesired(text, "codes.yaml")).toThrow(UsageError);
  expect(() => readDesired(text, "codes.yaml")).toThrow(message);
});
