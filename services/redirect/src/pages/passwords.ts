// Passwords of codes, checked where they are asked for: no store is needed. A check takes some 20 ms of a background
// thread and 19 MiB, so few run at once and few wait; wrong ones are counted, so that nobody tries them all.

import { verify } from "@node-rs/argon2";
import { minuteMs } from "@qrfactory/domain/duration";
import { networkOf } from "@qrfactory/domain/network/network";
import pLimit from "p-limit";

/** Half of the four threads that Node has for such work: reading files goes on beside it. */
const checksAtOnce = 2;
/** Some 300 ms of waiting. */
const waitingMax = 32;

/** Over which wrong passwords are counted. */
const windowMs = minuteMs;
/** Of one network (/24, /48): enough for people who mistype, a hundred a minute in all with the limit below. */
const wrongOfNetworkMax = 10;
/** For one code, from wherever they come. Short passwords of codes that matter are their owner's choice. */
const wrongForCodeMax = 100;
/** Networks and codes that are remembered; a flood of more starts anew. */
const countersMax = 100_000;

/** Outcome of a try: `limited` after too many wrong ones, `busy` when too many wait. */
export type PasswordVerdict = "right" | "wrong" | "limited" | "busy";

/** Checks a password against its hash (argon2id) and counts the wrong ones. */
export type CheckPassword = (attempt: {
  codeId: string;
  /** Of the client, in any spelling. */
  address: string;
  passwordHash: string;
  password: string;
}) => Promise<PasswordVerdict>;

/**
 * Makes the check of this process. It hashes every password that it may, whatever that is, so that all take as long.
 */
export function makeCheckPassword({ now = Date.now }: { now?: () => number } = {}): CheckPassword {
  const wrong = new Map<string, number>();
  let window = 0;
  const inTurn = pLimit(checksAtOnce);

  function countOf(key: string): number {
    const current = Math.floor(now() / windowMs);
    if (current !== window || wrong.size >= countersMax) wrong.clear();
    window = current;
    return wrong.get(key) ?? 0;
  }

  return async function checkPassword({ codeId, address, passwordHash, password }) {
    const limits: [key: string, max: number][] = [
      [`network ${networkOf(address)}`, wrongOfNetworkMax],
      [`code ${codeId}`, wrongForCodeMax],
    ];
    if (limits.some(([key, max]) => countOf(key) >= max)) return "limited";
    if (inTurn.pendingCount >= waitingMax) return "busy";
    const add = (count: number) => {
      for (const [key] of limits) wrong.set(key, Math.max(0, countOf(key) + count));
    };
    // Counted beforehand, so that a thousand at once are no more than ten one after the other.
    add(1);
    const isRight = await inTurn(() => verify(passwordHash, password));
    if (isRight) add(-1);
    return isRight ? "right" : "wrong";
  };
}

/** Seconds until wrong passwords are forgotten, at most. */
export const passwordRetrySeconds = windowMs / 1_000;
