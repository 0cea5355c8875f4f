// Scans as they come in, as server-sent events (HTML, 9.2). All streams of one subject share one look at the database,
// so what a stream costs is a line of text every two seconds.
import type { AnalyticsStore } from "@qrfactory/db/analytics-store";
import { countRecent, type RecentScans } from "@qrfactory/db/scan-lists";
import { ApiError } from "@qrfactory/domain/errors";
import { parseInput } from "@qrfactory/domain/validate";
import type { Handler } from "@qrfactory/runtime/http-app";
import type { Response } from "express";
import { z } from "zod";
import type { AnalyticsOptions, FindScope } from "./analytics.js";

/** A scan is seen about this much later, at worst. */
const pollMs = 2_000;
/** Silence that some proxies take for a dead connection begins at 30 s; and so long may a stream outlive its caller. */
const heartbeatMs = 5_000;
/** An access token lasts as long, and so may what it opened; clients of server-sent events come back by themselves. */
const streamMsMax = 15 * 60_000;
/** Open streams of a process, and of one workspace. */
const streamsMax = 500;
const streamsOfWorkspaceMax = 20;

/** With `limit` the stream ends after so many events: enough to ask once. */
const liveQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1_000).default(Number.POSITIVE_INFINITY),
});

/** An open stream, and how many more events it takes. */
type Stream = { res: Response; left: number };

type Channel = { streams: Set<Stream>; latest: string; timer: NodeJS.Timeout };

/** The handler of `GET …/analytics/live`: an event `scans` at once and whenever the numbers change. */
export function makeLive({ analytics, authenticate, findCaller }: AnalyticsOptions, findScope: FindScope): Handler {
  const channels = new Map<string, Channel>();
  const openOf = new Map<string, number>();
  let open = 0;

  function openChannel(subject: { workspaceId: string; codeId?: string }): Channel {
    const key = subject.codeId ?? subject.workspaceId;
    const known = channels.get(key);
    if (known) return known;
    const channel: Channel = {
      streams: new Set(),
      latest: "",
      timer: setInterval(() => void look(analytics, subject, channel), pollMs),
    };
    channels.set(key, channel);
    return channel;
  }

  return async function sendLive(req, res) {
    const caller = await findCaller(req, res);
    const subject = await findScope(req, caller);
    const stream: Stream = { res, left: parseInput(liveQuery, req.query).limit };
    const { workspaceId } = subject;
    const ofWorkspace = openOf.get(workspaceId) ?? 0;
    if (open >= streamsMax || ofWorkspace >= streamsOfWorkspaceMax) {
      throw new ApiError("overloaded", "Too many live streams are open; close one or come back later.");
    }
    const channel = openChannel(subject);
    open += 1;
    openOf.set(workspaceId, ofWorkspace + 1);
    channel.streams.add(stream);
    const ended = new Promise<void>((resolve) => res.once("close", resolve));
    const heartbeat = setInterval(() => {
      authenticate(req.headers).then(
        () => send(res, ": still here\n\n"),
        // A database that is away says nothing against the caller.
        (error) => error instanceof ApiError && error.status < 500 && res.end(),
      );
    }, heartbeatMs);
    const end = setTimeout(() => res.end(), streamMsMax);
    try {
      res.set("Content-Type", "text/event-stream").set("Cache-Control", "no-store").set("X-Accel-Buffering", "no");
      res.flushHeaders();
      if (channel.latest) sendEvent(stream, channel.latest);
      else await look(analytics, subject, channel);
      await ended;
    } finally {
      clearInterval(heartbeat);
      clearTimeout(end);
      channel.streams.delete(stream);
      open -= 1;
      if (openOf.get(workspaceId) === 1) openOf.delete(workspaceId);
      else openOf.set(workspaceId, (openOf.get(workspaceId) ?? 1) - 1);
      if (channel.streams.size === 0) {
        clearInterval(channel.timer);
        channels.delete(subject.codeId ?? workspaceId);
      }
    }
  };
}

/** What cannot be read now is tried again at the next turn; streams stay open and quiet. */
async function look(
  analytics: AnalyticsStore,
  subject: { workspaceId: string; codeId?: string },
  channel: Channel,
): Promise<void> {
  const recent = await analytics
    .read((reader) => countRecent(reader, { ...subject, filters: [] }))
    .catch((): RecentScans | null => null);
  if (!recent) return;
  const event = `event: scans\ndata: ${JSON.stringify({
    last_minutes: recent.minutes,
    scans: recent.scans,
    bots: recent.bots,
    last_scanned_at: recent.lastScanAt?.toISOString() ?? null,
  })}\n\n`;
  if (event === channel.latest) return;
  channel.latest = event;
  for (const stream of channel.streams) sendEvent(stream, event);
}

function sendEvent(stream: Stream, event: string): void {
  send(stream.res, event);
  stream.left -= 1;
  if (stream.left <= 0) stream.res.end();
}

/** A client that does not read loses lines, never our memory. */
function send(res: Response, text: string): void {
  if (!res.writableEnded && !res.writableNeedDrain) res.write(text);
}
