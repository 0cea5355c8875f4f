// A limit of decoding's failures for each workspace: a broken file costs a process, and its sender nothing.
import { minuteMs } from "@qrfactory/domain/duration";
import { ApiError } from "@qrfactory/domain/http/errors";

/** People who try out a damaged file send it a few times; a program that sends more of them is told to stop. */
const failuresMaxDefault = 10;
const windowMs = minuteMs;

/** Count of each workspace's failures in the current minute. */
export type FailureLimit = {
  /** Throws `rate_limited` when a workspace has had its share of failures this minute. */
  requireFew: (workspaceId: string) => void;
  count: (workspaceId: string) => void;
};

/** Makes the counter of this process; a window opens with the first failure. */
export function makeFailureLimit(failuresMax = failuresMaxDefault, now: () => number = Date.now): FailureLimit {
  const windows = new Map<string, { failures: number; endsAt: number }>();

  function current(workspaceId: string): { failures: number; endsAt: number } | null {
    const window = windows.get(workspaceId);
    if (!window || window.endsAt > now()) return window ?? null;
    windows.delete(workspaceId);
    return null;
  }

  return {
    requireFew(workspaceId) {
      const window = current(workspaceId);
      if (!window || window.failures < failuresMax) return;
      const retryAfterSeconds = Math.max(1, Math.ceil((window.endsAt - now()) / 1000));
      const detail =
        `${failuresMax} pictures of this workspace could not be decoded within a minute; ` +
        "send sound PNG, JPEG or GIF files.";
      throw new ApiError("rate_limited", detail, { retryAfterSeconds });
    },
    count(workspaceId) {
      const window = current(workspaceId);
      if (window) window.failures += 1;
      else windows.set(workspaceId, { failures: 1, endsAt: now() + windowMs });
      // Windows open in this order: the oldest end first.
      for (const [id, { endsAt }] of windows) {
        if (endsAt > now()) break;
        windows.delete(id);
      }
    },
  };
}
