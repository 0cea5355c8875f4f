import { createHook } from "node:async_hooks";
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

test("whatever is sent is hashed: an empty password is as much work in the background as a wrong one", async () => {
  const check = makeCheckPassword({ now: noon });
  // The runner of the tests has timers of its own.
  const others = new Set(["PROMISE", "Immediate", "Timeout", "TickObject", "Microtask"]);
  /** Kinds of background work: the hash that a thread makes. */
  async function workOf(password: string): Promise<string[]> {
    const kinds: string[] = [];
    const hook = createHook({ init: (_id, kind) => void (others.has(kind) || kinds.push(kind)) }).enable();
    await check(attempt(password));
    hook.disable();
    return kinds;
  }
  const wrong = await workOf("open barley");
  expect(wrong).toHaveLength(1);
  expect(await workOf("")).toEqual(wrong);
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
