import { expect, test } from "@jest/globals";
import { makePageFor } from "../pages/pages.js";
import { cutHeader, saysPrefetch } from "./headers.js";
import { ledToDestination, makeDescribeScan, makeReadScanner, type ScanRequest } from "./scan.js";
import { makeVisitorOf } from "./visitor.js";

const row = { id: "5f0c2f9e-3d0b-4f3a-9a51-0d6f0a2f7c11", workspaceId: "w", version: 1 } as never;
const readScanner = makeReadScanner(["127.0.0.0/8", "10.0.0.0/8"]);
const pageFor = makePageFor(null);
const describeScan = makeDescribeScan({ region: "eu-1", visitorSecret: "a secret" });
const nowhere = { country: null, region: null, city: null, district: null };
const visitorOf = makeVisitorOf({ visitorSecret: "a secret", locate: () => nowhere });

/** Kilobytes of a piece, another text each time, because those met before are remembered. */
let texts = 0;
const long = (piece: string, length: number) =>
  `${String(++texts).padStart(4, "0")}${piece.repeat(length / piece.length)}`;

/** How often `act` has an expression look at a text, and at how many characters in all. */
function readingOf(act: () => void): { looks: number; characters: number } {
  const { exec } = RegExp.prototype;
  const reading = { looks: 0, characters: 0 };
  RegExp.prototype.exec = function look(text) {
    reading.looks += 1;
    reading.characters += text.length - this.lastIndex;
    return exec.call(this, text);
  };
  try {
    act();
  } finally {
    RegExp.prototype.exec = exec;
  }
  return reading;
}

test.each([
  ["Accept-Language", ["a,", "aa;q=0.1,", " ", "a-", ";"], (language: string) => ({ language })],
  ["X-Forwarded-For", ["10.0.0.1,", ",", " ", "2001:db8::1,"], (forwardedFor: string) => ({ forwardedFor })],
  ["Referer", ["https://a.b/%", "@", "https://"], (text: string) => ({ referrer: `https://${text}` })],
  ["a query", ["a&", "%", "#"], (query: string) => ({ query })],
])("of 15 kB of %s no more is read than of 2 kB", (_name, pieces, requestOf) => {
  const read = (piece: string, length: number) =>
    readingOf(() => {
      const request: ScanRequest = { peer: "127.0.0.1", ...requestOf(long(piece, length)) };
      const scanner = readScanner(request);
      describeScan(scanner, row, Date.now(), ledToDestination);
      visitorOf(scanner, "x").language();
      pageFor({ "accept-language": request.language }, "unknown");
      saysPrefetch(long("prefetch;", length));
    });
  for (const piece of pieces) {
    // Warm-up: memories are filled here.
    read(piece, 2_000);
    const ofPhones = read(piece, 2_000);
    expect(ofPhones.characters).toBeLessThan(10_000);
    expect(read(piece, 15_000)).toEqual(ofPhones);
  }
});

test("a header that nobody cuts is read as it came, another up to its limit", () => {
  const iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15";
  expect(cutHeader("userAgent", iphone)).toBe(iphone);
  expect(cutHeader("userAgent", "x".repeat(513))).toBe("x".repeat(512));
  expect(cutHeader("accept", undefined)).toBe("");
  expect([
    saysPrefetch("prefetch;prerender"),
    saysPrefetch(`${" ".repeat(64)}prefetch`),
    saysPrefetch(undefined),
  ]).toEqual([true, false, false]);
});
