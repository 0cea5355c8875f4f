// Scans as they come in, as server-sent events (HTML, 9.2). All streams of one subject share one look at the database,
// so what a stream costs is a line of text every two seconds.

import { liveQuery } from "@qrfactory/api/input/scan-query";
import type { AnalyticsStore } from "@qrfactory/db/scans/reports/analytics-store";
import { countRecent, type RecentScans } from "@qrfactory/db/scans/reports/scan-list";
import { parseInput } from "@qrfactory/domain/http/validate";
import type { Handler } from "@qrfactory/runtime/http/app";
import { type EventStream, openEvents } from "../http/server-events.js";
import type { AnalyticsOptions, FindScope } from "./scope.js";

/** A scan is seen about this much later, at worst. */
const pollMs = 2_000;

/** An open stream, and how many more events it takes. */
type Listener = { stream: EventStream; left: number };

type Channel = { listeners: Set<Listener>; latest: string; timer: NodeJS.Timeout };

/** The handler of `GET …/analytics/live`: an event `scans` at once and whenever the numbers change. */
export function makeLive(
  { analytics, authenticate, enterStream, findCaller }: AnalyticsOptions,
  findScope: FindScope,
): Handler {
  const channels = new Map<string, Channel>();

  function openChannel(subject: { workspaceId: string; codeId?: string }): Channel {
    const key = subject.codeId ?? subject.workspaceId;
    const known = channels.get(key);
    if (known) return known;
    const channel: Channel = {
      listeners: new Set(),
      latest: "",
      timer: setInterval(() => void look(analytics, subject, channel), pollMs),
    };
    channels.set(key, channel);
    return channel;
  }

  return async function sendLive(req, res) {
    const caller = await findCaller(req, res);
    const subject = await findScope(req, caller);
    const { limit = Number.POSITIVE_INFINITY } = parseInput(liveQuery, req.query);
    const leave = enterStream(req, caller);
    const channel = openChannel(subject);
    const listener = { stream: openEvents(req, res, authenticate), left: limit };
    channel.listeners.add(listener);
    try {
      if (channel.latest) tell(listener, channel.latest);
      else await look(analytics, subject, channel);
      await listener.stream.closed;
    } finally {
      channel.listeners.delete(listener);
      leave();
      if (channel.listeners.size === 0) {
        clearInterval(channel.timer);
        channels.delete(subject.codeId ?? subject.workspaceId);
      }
    }
  };
}

/** A failed read is repeated at the next turn; streams stay open and quiet. */
async function look(
  analytics: AnalyticsStore,
  subject: { workspaceId: string; codeId?: string },
  channel: Channel,
): Promise<void> {
  const recent = await analytics
    .read((reader) => countRecent(reader, { ...subject, filters: [] }))
    .catch((): RecentScans | null => null);
  if (!recent) return;
  const latest = JSON.stringify({
    last_minutes: recent.minutes,
    scans: recent.scans,
    bots: recent.bots,
    last_scanned_at: recent.lastScanAt?.toISOString() ?? null,
  });
  if (latest === channel.latest) return;
  channel.latest = latest;
  for (const listener of channel.listeners) tell(listener, latest);
}

function tell(listener: Listener, scans: string): void {
  if (listener.stream.send("scans", scans)) listener.left -= 1;
  if (listener.left <= 0) listener.stream.end();
}
