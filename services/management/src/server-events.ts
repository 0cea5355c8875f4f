// Streams of server-sent events (HTML, 9.2): how they begin, stay open and end, the same for all of them.
import type { Authenticate } from "@qrfactory/auth/caller";
import { ApiError } from "@qrfactory/domain/errors";
import type { Request, Response } from "express";

/** Silence that some proxies take for a dead connection begins at 30 s; and so long may a stream outlive its caller. */
const heartbeatMs = 5_000;
/** An access token lasts as long; clients of server-sent events come back by themselves. */
const streamMsMax = 15 * 60_000;

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
    // Who left while we asked for the caller is not told of again.
    if (res.destroyed) close();
    else res.once("close", close);
  });
  res.set("Content-Type", "text/event-stream").set("Cache-Control", "no-store").set("X-Accel-Buffering", "no");
  if (req.method === "HEAD") res.end();
  else res.flushHeaders();
  return { send: (name, data) => write(`event: ${name}\ndata: ${data}\n\n`), isOpen, end: () => res.end(), closed };
}
