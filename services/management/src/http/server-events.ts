// Streams of server-sent events (HTML, 9.2): how many there may be, how they begin, stay open and end, the same for
// all.

import type { Authenticate, Caller } from "@qrfactory/auth/caller";
import { minuteMs } from "@qrfactory/domain/duration";
import { ApiError } from "@qrfactory/domain/http/errors";
import { whereFrom } from "@qrfactory/runtime/http/refusals";
import type { Request, Response } from "express";

/** Silence that some proxies take for a dead connection begins at 30 s; and so long may a stream outlive its caller. */
const heartbeatMs = 5_000;
/** An access token lasts as long; clients of server-sent events come back by themselves. */
const streamMsMax = 15 * minuteMs;

/** Open streams of a process. */
const streamsMax = 500;
/** Of a workspace: some people with a few tabs each. */
const streamsOfWorkspaceMax = 40;
/** Of a key or user, so that one forgotten program leaves room for the others of its workspace. */
const streamsOfCallerMax = 20;
/** Of a network, whatever workspaces call from it: an office behind one address. */
const streamsOfNetworkMax = 100;
/** `Retry-After` for a client that has to close another stream first. */
const retryAfterSeconds = 5;

/**
 * Takes a place for a stream and returns what gives it back; throws `rate_limited`, or `overloaded` when all are taken.
 */
export type EnterStream = (req: Request, caller: Pick<Caller, "kind" | "id" | "workspaceId">) => () => void;

/** Makes the places that all streams of a process share. */
export function makeStreamPlaces(): EnterStream {
  const open = new Map<string, number>();
  const openOf = (name: string) => open.get(name) ?? 0;

  return function enterStream(req, { kind, id, workspaceId }) {
    const limits: [name: string, what: string, max: number][] = [
      [`${kind} ${id}`, "you", streamsOfCallerMax],
      [`workspace ${workspaceId}`, "your workspace", streamsOfWorkspaceMax],
      [`network ${whereFrom(req)}`, "your network", streamsOfNetworkMax],
    ];
    const full = limits.find(([name, , max]) => openOf(name) >= max);
    if (full) {
      const detail = `${full[2]} streams of ${full[1]} are open, which is the most; close one, or poll instead.`;
      throw new ApiError("rate_limited", detail, { retryAfterSeconds });
    }
    if (openOf("all") >= streamsMax) throw new ApiError("overloaded", "Too many streams are open; poll instead.");
    const names = ["all", ...limits.map(([name]) => name)];
    for (const name of names) open.set(name, openOf(name) + 1);
    return () => {
      for (const name of names) {
        if (openOf(name) > 1) open.set(name, openOf(name) - 1);
        else open.delete(name);
      }
    };
  };
}

/** An open stream of events to one client. */
export type EventStream = {
  /** Sends an event. False when it was not: the stream is over, or its client does not read and costs us no memory. */
  send(name: string, data: string): boolean;
  isOpen(): boolean;
  end(): void;
  /** Settles when the connection is done with it. */
  closed: Promise<void>;
};

/** Begins a stream; `authenticate` is asked again while it is open. For a HEAD it is over with its headers. */
export function openEvents(req: Request, res: Response, authenticate: Authenticate): EventStream {
  const isOpen = () => !res.writableEnded && !res.destroyed;
  function write(text: string): boolean {
    if (!isOpen() || res.writableNeedDrain) return false;
    res.write(text);
    return true;
  }
  const heartbeat = setInterval(() => {
    authenticate(req.headers).then(
      () => write(": still here\n\n"),
      // A database that is away says nothing against the caller.
      (error) => error instanceof ApiError && error.status < 500 && res.end(),
    );
  }, heartbeatMs);
  const end = setTimeout(() => res.end(), streamMsMax);
  const closed = new Promise<void>((resolve) => {
    const close = () => {
      clearInterval(heartbeat);
      clearTimeout(end);
      resolve();
    };
    // A client that left while its caller was looked up gets no events.
    if (res.destroyed) close();
    else res.once("close", close);
  });
  res.set("Content-Type", "text/event-stream").set("Cache-Control", "no-store").set("X-Accel-Buffering", "no");
  if (req.method === "HEAD") res.end();
  else res.flushHeaders();
  return { send: (name, data) => write(`event: ${name}\ndata: ${data}\n\n`), isOpen, end: () => res.end(), closed };
}
