import { expect, test } from "@jest/globals";
import type { Request } from "express";
import { type EnterStream, makeStreamPlaces } from "./server-events.js";

const from = (ip: string) => ({ ip }) as Request;
const caller = (id: string, workspaceId: string) => ({ kind: "key", id, workspaceId }) as const;

/** Streams that are let in of so many. */
function enterMany(enter: EnterStream, count: number, of: (n: number) => [Request, ReturnType<typeof caller>]) {
  const refusals: string[] = [];
  const leaves: (() => void)[] = [];
  for (let n = 0; n < count; n += 1) {
    try {
      leaves.push(enter(...of(n)));
    } catch (error) {
      refusals.push((error as { code: string }).code);
    }
  }
  return { leaves, refusals: new Set(refusals) };
}

test.each<[string, number, (n: number) => [Request, ReturnType<typeof caller>]]>([
  ["one key", 20, (n) => [from(`198.51.100.${n % 200}`), caller("a", "w")]],
  ["one workspace with many keys", 40, (n) => [from(`198.51.100.${n % 200}`), caller(`key ${n}`, "w")]],
  ["one network with many workspaces", 100, (n) => [from("203.0.113.7"), caller(`key ${n}`, `w ${n}`)]],
])("%s holds no more than its share, and others still find a place", (_name, share, of) => {
  const enter = makeStreamPlaces();
  const { leaves, refusals } = enterMany(enter, 250, of);
  expect(leaves).toHaveLength(share);
  expect(refusals).toEqual(new Set(["rate_limited"]));
  expect(enterMany(enter, 1, () => [from("192.0.2.1"), caller("other", "other")]).leaves).toHaveLength(1);
  for (const leave of leaves) leave();
  expect(enterMany(enter, 250, of).leaves).toHaveLength(share);
});

test("all places taken is overload, which is nobody's own doing", () => {
  const of = (n: number): [Request, ReturnType<typeof caller>] => [
    from(`10.0.${n >> 8}.${n & 255}`),
    caller(`key ${n}`, `w ${n}`),
  ];
  const { leaves, refusals } = enterMany(makeStreamPlaces(), 600, of);
  expect(leaves).toHaveLength(500);
  expect(refusals).toEqual(new Set(["overloaded"]));
});
