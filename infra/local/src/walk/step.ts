// The shape of a step, and what several steps use: an expectation that shows the answer, and the call for an image.
import { type Answer, curl } from "./curl.js";

/** A step of the walk: its promise, and the act that proves it. */
export type Step = { promise: string; act: () => Promise<void> };

/** Throws, with the answer, unless what was expected is so. */
export function expectThat(isSo: boolean, expected: string, answer: Answer): void {
  if (isSo) return;
  const shown = answer.headers["content-type"]?.startsWith("image/") ? "(an image)" : answer.body.toString("utf8");
  throw new Error(
    `Expected ${expected}; got ${answer.status} ${JSON.stringify(answer.headers)}\n${shown.slice(0, 2_000)}`,
  );
}

/** Asks for an image with an API key. */
export const generate = (gateway: string, key: string, body: Record<string, unknown>) =>
  curl(`${gateway}/api/v1/generate/`, { headers: { "X-Api-Key": key }, json: body });
