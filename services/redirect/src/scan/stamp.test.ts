import { expect, test } from "@jest/globals";
import { isScanEvent } from "@qrfactory/domain/events";
import fc from "fast-check";
import { ledToDestination, makeDescribeScan, makeReadScanner } from "./scan.js";
import { isTimely, readStamp } from "./stamp.js";

const now = Date.UTC(2026, 10, 28, 12);
const id = "0123456789abcdef0123456789abcdef";
const momentOf = (at: number) => (at / 1_000).toFixed(3);
const row = {
  id: "5f0c2f9e-3d0b-4f3a-9a51-0d6f0a2f7c11",
  workspaceId: "5f0c2f9e-3d0b-4f3a-9a51-0d6f0a2f7c12",
  version: 1,
} as never;
const newId = () => "ffffffff-ffff-4fff-bfff-ffffffffffff";
const readScanner = makeReadScanner(["10.0.0.0/8"]);

/** Id and time that two regions write down of one request, the second region so many milliseconds later. */
function described(headers: { scanId?: string; scanAt?: string }, laterMs: number, peer = "10.0.0.1") {
  return [0, laterMs].map((ms) => {
    const describeScan = makeDescribeScan({ region: `region-${ms}`, visitorSecret: "a secret", newId });
    const { id, at } = describeScan(readScanner({ peer, ...headers }), row, now + ms, ledToDestination);
    return { id, at };
  });
}

test("two regions write down the same id and moment of a request with the gateway's stamp, minutes apart", () => {
  const [first, second] = described({ scanId: id, scanAt: momentOf(now - 7) }, 500_000);
  expect(first).toEqual({ id: "01234567-89ab-4def-8123-456789abcdef", at: now - 7 });
  expect(second).toEqual(first);
});

test.each([
  ["a peer that is no gateway", { scanId: id, scanAt: momentOf(now) }, "203.0.113.9"],
  ["no moment", { scanId: id }, "10.0.0.1"],
  ["no id", { scanAt: momentOf(now) }, "10.0.0.1"],
  ["a moment of last month", { scanId: id, scanAt: momentOf(now - 31 * 86_400_000) }, "10.0.0.1"],
  ["a moment to come", { scanId: id, scanAt: momentOf(now + 3_600_000) }, "10.0.0.1"],
  ["two ids", { scanId: `${id}, ${id}`, scanAt: momentOf(now) }, "10.0.0.1"],
])("with %s a region goes by its own id and clock", (_what, headers, peer) => {
  expect(described(headers, 60_000, peer)).toEqual([
    { id: newId(), at: now },
    { id: newId(), at: now + 60_000 },
  ]);
});

test.each([
  "",
  id.toUpperCase(),
  id.slice(1),
  `${id}0`,
  `${id}\n`,
  ` ${id}`,
  id.replace("0", "g"),
  "01234567-89ab-4def",
])("%j is no id of a gateway", (text) => {
  expect(readStamp(text, momentOf(now))).toBeNull();
});

test.each([
  "",
  "0",
  "1795867200",
  "1795867200.1",
  "1795867200.1234",
  "-795867200.000",
  "1e95867200.000",
  "1795867200,000",
])("%j is no moment of a gateway", (text) => {
  expect(readStamp(id, text)).toBeNull();
});

test("a stamp is timely from ten minutes ago to a minute ahead", () => {
  const timely = (ms: number) => isTimely({ id, at: now + ms }, now);
  expect([-600_001, -600_000, 0, 60_000, 60_001].map(timely)).toEqual([false, true, true, true, false]);
});

test("any id of a gateway becomes one of an event, and other bytes become another one", () => {
  const hex = fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: 32, maxLength: 32 });
  const describeScan = makeDescribeScan({ region: "eu-1", visitorSecret: "a secret" });
  const ids = new Set<string>();
  const given = new Set<string>();
  fc.assert(
    fc.property(hex, fc.integer({ min: -600_000, max: 60_000 }), (scanId, ms) => {
      const headers = { peer: "10.0.0.1", scanId, scanAt: momentOf(now + ms) };
      const scan = describeScan(readScanner(headers), row, now, ledToDestination);
      expect(isScanEvent(scan)).toBe(true);
      expect(scan.at).toBe(now + ms);
      ids.add(scan.id);
      given.add(scanId);
    }),
  );
  expect(ids.size).toBe(given.size);
});
