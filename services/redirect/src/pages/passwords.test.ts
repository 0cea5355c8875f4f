import { beforeAll, expect, test } from "@jest/globals";
import { hash } from "@node-rs/argon2";
import { makeCheckPassword } from "./passwords.js";

/** Stands still, so that no minute ends in the middle of a test. */
const noon = () => Date.UTC(2026, 10, 21, 12);

let passwordHash: string;
beforeAll(async () => {
  passwordHash = await hash("open sesame", { memoryCost: 1_024, timeCost: 1 });
});

const attempt = (password: string, more: { address?: string; codeId?: string } = {}) => ({
  ...{ codeId: "code", address: "198.51.100.1", passwordHash, password },
  ...more,
});

test("more than may wait are turned away at once, and not counted as wrong", async () => {
  const check = makeCheckPassword({ now: noon });
  const verdicts = await Promise.all(
    Array.from({ length: 40 }, (_, i) => check(attempt("guess", { address: `10.${i}.0.1`, codeId: `code ${i}` }))),
  );
  expect(verdicts).toEqual([...Array(34).fill("wrong"), ...Array(6).fill("busy")]);
  expect(await check(attempt("open sesame", { address: "10.39.0.1", codeId: "code 39" }))).toBe("right");
});

test("whatever is sent is hashed: an empty password takes as long as a wrong one", async () => {
  const slow = await hash("open sesame", { memoryCost: 19_456, timeCost: 2 });
  const check = makeCheckPassword({ now: noon });
  const times: Record<string, number[]> = { "": [], "open barley": [] };
  for (let i = 0; i < 5; i++) {
    for (const [password, list] of Object.entries(times)) {
      const started = performance.now();
      await check({ ...attempt(password, { codeId: `code ${i}` }), passwordHash: slow });
      list.push(performance.now() - started);
    }
  }
  // The quickest of each: a busy machine only adds.
  const [empty, wrong] = Object.values(times).map((list) => Math.min(...list)) as [number, number];
  expect(empty).toBeGreaterThan(wrong / 4);
});

test("a minute later wrong passwords are forgotten", async () => {
  let now = 60_000_000;
  const check = makeCheckPassword({ now: () => now });
  for (let i = 0; i < 10; i++) expect(await check(attempt("guess"))).toBe("wrong");
  expect(await check(attempt("open sesame", { address: "198.51.100.200" }))).toBe("limited");
  now += 60_000;
  expect(await check(attempt("open sesame"))).toBe("right");
});

test("a household's /48 is one network", async () => {
  const check = makeCheckPassword({ now: noon });
  for (let i = 0; i < 10; i++) await check(attempt("guess", { address: `2001:db8:7:${i}::1` }));
  expect(await check(attempt("open sesame", { address: "2001:db8:7:ffff::1" }))).toBe("limited");
  expect(await check(attempt("open sesame", { address: "2001:db8:8::1" }))).toBe("right");
});
