import { expect, test } from "@jest/globals";
import { parseUrl } from "./parse-url.js";

test("names beyond ASCII are read however often they were before", () => {
  const hosts = new Set<string | undefined>();
  for (let i = 0; i < 20_000; i++) hosts.add(parseUrl(`https://b${i % 2 ? "ü" : "u"}cher.example/é`)?.hostname);
  expect([...hosts].sort()).toEqual(["bucher.example", "xn--bcher-kva.example"]);
});

test("what is no address is null", () => {
  expect(["", "example.com", "https://", "https://a b"].map(parseUrl)).toEqual([null, null, null, null]);
});
