import { expect, test } from "@jest/globals";
import { quickestOf } from "@qrfactory/testing/quickest";
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

/** 15 kB of a piece, another text each time, because those met before are remembered. */
let texts = 0;
const endless = (piece: string) => `${++texts}${piece.repeat(15_000 / piece.length)}`;

test.each([
  ["Accept-Language", ["a,", "aa;q=0.1,", " ", "a-", ";"], (language: string) => ({ language })],
  ["X-Forwarded-For", ["10.0.0.1,", ",", " ", "2001:db8::1,"], (forwardedFor: string) => ({ forwardedFor })],
  ["Referer", ["https://a.b/%", "@", "https://"], (text: string) => ({ referrer: `https://${text}` })],
  ["a query", ["a&", "%", "#"], (query: string) => ({ query })],
])("15 kB of %s cost little more than what phones send", async (_name, pieces, requestOf) => {
  for (const piece of pieces) {
    // Some 20 ms; read whole, 300 lists of languages take 600 and more.
    const threeHundred = async () => {
      for (let n = 0; n < 300; n++) {
        const request: ScanRequest = { peer: "127.0.0.1", ...requestOf(endless(piece)) };
        const scanner = readScanner(request);
        describeScan(scanner, row, Date.now(), ledToDestination);
        visitorOf(scanner, "x").language();
        pageFor({ "accept-language": request.language }, "unknown");
        saysPrefetch(endless("prefetch;"));
      }
    };
    expect(await quickestOf(300, threeHundred)).toBeLessThan(300);
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
