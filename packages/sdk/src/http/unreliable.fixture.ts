// A server that fails as real ones do, for tests of what a client makes of it.
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { listen } from "@qrfactory/testing/http";
import { QRFactory } from "../client.js";

export type Seen = { method: string; path: string; headers: IncomingMessage["headers"]; body: string };
export type Answer = (res: ServerResponse, seen: Seen) => void;

/** Answers with a JSON document. */
export const json =
  (value: unknown, status = 200, headers: Record<string, string> = {}): Answer =>
  (res) =>
    void res.writeHead(status, { "Content-Type": "application/json", ...headers }).end(JSON.stringify(value));

/** Refuses with a problem document. */
export const problem =
  (status: number, code: string, headers: Record<string, string> = {}, more: object = {}): Answer =>
  (res) =>
    void res
      .writeHead(status, { "Content-Type": "application/problem+json", "X-Request-Id": "request-1", ...headers })
      .end(JSON.stringify({ type: "x", title: "x", status, code, detail: `because of ${code}`, ...more }));

/** Says nothing, ever. */
export const hang: Answer = () => {};

/** Cuts the connection before an answer. */
export const reset: Answer = (res) => void res.socket?.destroy();

/** Begins a whole answer, and cuts the connection in its middle. */
export const breakOff =
  (text = '{"half":'): Answer =>
  (res) => {
    res.writeHead(200, { "Content-Type": "application/json", "Content-Length": String(text.length * 2) });
    res.write(text, () => res.socket?.destroy());
  };

const open = new Set<() => Promise<void>>();

/** Closes every server that is still open, whatever became of its test. */
export async function closeServers(): Promise<void> {
  await Promise.all([...open].map((close) => close()));
}

/** Serves the answers in turn, the last of them for ever; keeps what was asked. */
export async function serve(...answers: Answer[]) {
  const seen: Seen[] = [];
  const server = await listen((req: IncomingMessage, res: ServerResponse) => {
    let body = "";
    req.setEncoding("utf8").on("data", (chunk: string) => {
      body += chunk;
    });
    req.on("end", () => {
      const request = { method: req.method ?? "", path: req.url ?? "", headers: req.headers, body };
      seen.push(request);
      (answers[seen.length - 1] ?? (answers.at(-1) as Answer))(res, request);
    });
  });
  const close = async () => {
    open.delete(close);
    await server.close();
  };
  open.add(close);
  return { url: server.url, seen, close };
}

/** A client that waits for nothing between its attempts. */
export const clientOf = (url: string, options: Partial<ConstructorParameters<typeof QRFactory>[0]> = {}) =>
  new QRFactory({ baseUrl: url, apiKey: "smk_test", random: () => 0, ...options });

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * A server that makes one thing for each Idempotency-Key, and fails before or after making it, or in its answer, as
 * `random` decides.
 */
export async function serveOnce(random: () => number) {
  const made = new Map<string, string>();
  let effects = 0;
  let failures = 0;
  const create: Answer = (res, { headers }) => {
    const key = String(headers["idempotency-key"]);
    const fate = Math.floor(random() * 8);
    if (fate < 6) failures += 1;
    if (fate === 0) return problem(503, "overloaded")(res, {} as Seen);
    if (fate === 1) return reset(res, {} as Seen);
    if (!made.has(key)) {
      effects += 1;
      made.set(key, randomUUID());
    }
    if (fate === 2) return problem(500, "internal")(res, {} as Seen);
    if (fate === 3) return reset(res, {} as Seen);
    if (fate < 6) return breakOff()(res, {} as Seen);
    return json({ short_id: made.get(key) }, 201)(res, {} as Seen);
  };
  const server = await serve(create);
  return { ...server, made, effects: () => effects, failures: () => failures };
}
