import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { botClasses, isScanEvent, type ScanEvent, scanEvent, scanRecord } from "./events.js";

const sample: ScanEvent = {
  id: "0198c0de-0000-7000-8000-000000000001",
  at: 1_795_000_000_000,
  code_id: "5f0c2f9e-3d0b-4f3a-9a51-0d6f0a2f7c11",
  workspace_id: "5f0c2f9e-3d0b-4f3a-9a51-0d6f0a2f7c12",
  version: 1,
  region: "eu-1",
  network: "203.0.113.0/24",
  visitor: "0123456789abcdef",
  device: "phone",
  os: "iOS",
  browser: null,
  language: "de",
  referrer_host: "",
  bot_class: null,
  served: "variant",
  variant: 9,
  rule: 49,
};

/** Values of the right kind, at its borders and beyond, and of any other kind. */
const text = (lengthMax: number) =>
  fc.oneof(
    fc.string(),
    fc.constantFrom("x".repeat(lengthMax), "x".repeat(lengthMax + 1), "😀".repeat(lengthMax / 2), "a\nb\0"),
  );
const uuid = fc.oneof(
  fc.uuid(),
  fc.uuid().map((id) => id.toUpperCase()),
  fc.constantFrom("00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
  fc.constantFrom("FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "ffffffff-ffff-ffff-ffff-fffffffffffe"),
  fc.constantFrom("5f0c2f9e-3d0b-9f3a-9a51-0d6f0a2f7c11", "5f0c2f9e-3d0b-4f3a-ca51-0d6f0a2f7c11"),
  fc.uuid().map((id) => `${id}\n`),
  fc.uuid().map((id) => id.replaceAll("-", "")),
);
const integer = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(0, 1, -1, 2 ** 53 - 1, 2 ** 53, 1e300, 1.5));
const fields: { [Name in keyof Required<ScanEvent>]: fc.Arbitrary<unknown> } = {
  id: uuid,
  at: integer,
  code_id: uuid,
  workspace_id: uuid,
  version: integer,
  region: text(64),
  network: text(64),
  visitor: fc.constantFrom(
    "0123456789abcdef",
    "0123456789ABCDEF",
    "0123456789abcde",
    "0123456789abcdef0",
    "0123456789abcdef\n",
  ),
  device: text(64),
  os: fc.option(text(64)),
  browser: fc.option(text(64)),
  language: fc.option(text(64)),
  referrer_host: text(254),
  bot_class: fc.constantFrom("bot", "preview", "prefetch", null, "person", "", undefined),
  served: fc.constantFrom("destination", "variant", "app", "fallback", undefined, null, "", "page"),
  variant: fc.oneof(fc.integer({ min: -1, max: 10 }), fc.constant(undefined), integer),
  rule: fc.oneof(fc.integer({ min: -1, max: 50 }), fc.constant(undefined), integer),
};
const names = Object.keys(sample) as (keyof ScanEvent)[];

test("the sample is an event", () => {
  expect(isScanEvent(sample)).toBe(true);
});

test("the quick check of a scan takes exactly what its schema takes", () => {
  const oneFieldChanged = fc
    .constantFrom(...names)
    .chain((name) =>
      fc.oneof(fields[name], fc.jsonValue(), fc.constant(undefined)).map((value) => ({ ...sample, [name]: value })),
    );
  const oneFieldMissing = fc.constantFrom(...names).map((name) => {
    const { [name]: _, ...rest } = sample;
    return rest;
  });
  const extra = fc.record({ more: fc.jsonValue() }).map((more) => ({ ...sample, ...more }));
  const allFields = fc.record(fields);
  const any = fc.oneof(
    { weight: 10, arbitrary: oneFieldChanged },
    { weight: 2, arbitrary: allFields },
    {
      weight: 1,
      arbitrary: fc.oneof(oneFieldMissing, extra, fc.jsonValue(), fc.constantFrom(undefined, [], [sample])),
    },
  );
  fc.assert(
    fc.property(any, (value) => {
      expect(isScanEvent(value)).toBe(scanEvent.safeParse(value).success);
    }),
    { numRuns: 5_000 },
  );
});

test("the record of a scan is the JSON of its event, whatever its texts hold", () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: "binary" }),
    fc.constantFrom('"', "\\", "\u0000", "\ud800", "é\x7f"),
  );
  const scan = fc.record<ScanEvent>({
    id: fc.uuid(),
    at: fc.nat(),
    code_id: fc.uuid(),
    workspace_id: fc.uuid(),
    version: fc.nat(),
    region: text,
    network: fc.constantFrom("203.0.113.0/24", "2001:db8::/48", ""),
    visitor: fc.constant("0123456789abcdef"),
    device: text,
    os: fc.option(text),
    browser: fc.option(text),
    language: fc.option(text),
    referrer_host: text,
    bot_class: fc.constantFrom(...botClasses, null),
  });
  fc.assert(
    fc.property(scan, (event) => expect(scanRecord(event)).toBe(JSON.stringify(event))),
    { numRuns: 500 },
  );
});
