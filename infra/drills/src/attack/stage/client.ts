// Requests over kept connections of their own. Every byte that leaves is counted at its socket, headers included.
import { Agent, type IncomingHttpHeaders, request } from "node:http";
import { connect, type NetConnectOpts, type Socket } from "node:net";

/** A request to be sent. */
export type Ask = {
  method?: string;
  /** A path of the base address, or a whole address. */
  url: string;
  headers?: Record<string, string | string[]>;
  /** Sent as JSON, unless `body` is given. */
  json?: unknown;
  body?: Uint8Array | string;
  /** Cuts the connection when no answer has ended by then; default 60 s. */
  patienceMs?: number;
};

/** An answer, or the end of a connection without one. */
export type Answer = {
  /** 0 when the connection ended without an answer; `body` then holds why. */
  status: number;
  headers: IncomingHttpHeaders;
  /** The first megabytes of it; see `length`. */
  body: Buffer;
  length: number;
  tookMs: number;
};

/** A client with connections of its own. */
export type Client = {
  send(ask: Ask): Promise<Answer>;
  /** Bytes written so far, on all connections. */
  sentBytes(): number;
  close(): void;
};

/** Address and number of a client's connections. */
export type ClientOptions = {
  /** Address that requests come from; all of 127.0.0.0/8 is this machine. */
  localAddress?: string;
  connectionsMax?: number;
};

const patienceMsDefault = 60_000;
/** The longest answer that anybody looks into: a page of a list, an archive. */
const keptBytesMax = 4_000_000;

/** A client of the service at `base`. */
export function makeClient(base: string, { localAddress, connectionsMax = 512 }: ClientOptions = {}): Client {
  const open = new Set<Socket>();
  let closedBytes = 0;
  const agent = Object.assign(new Agent({ keepAlive: true, maxSockets: connectionsMax }), {
    createConnection(options: NetConnectOpts): Socket {
      const socket = connect({ ...options, ...(localAddress && { localAddress }) } as NetConnectOpts);
      open.add(socket);
      return socket.once("close", () => {
        open.delete(socket);
        closedBytes += socket.bytesWritten;
      });
    },
  });

  function send(ask: Ask): Promise<Answer> {
    const { method = ask.body === undefined && ask.json === undefined ? "GET" : "POST", headers = {} } = ask;
    const body = ask.body ?? (ask.json === undefined ? undefined : JSON.stringify(ask.json));
    const type = ask.json === undefined ? {} : { "Content-Type": "application/json" };
    const length = body === undefined ? {} : { "Content-Length": String(Buffer.byteLength(body)) };
    const startedAt = performance.now();
    return new Promise((resolve) => {
      const sent = { agent, method, headers: { ...type, ...length, ...headers } };
      let isAnswered = false;
      const req = request(new URL(ask.url, base), sent, (res) => {
        isAnswered = true;
        const chunks: Buffer[] = [];
        let received = 0;
        res.on("data", (chunk: Buffer) => {
          if (received < keptBytesMax) chunks.push(chunk);
          received += chunk.length;
        });
        const end = (status: number, bytes: Buffer) => {
          clearTimeout(timer);
          const tookMs = performance.now() - startedAt;
          resolve({ status, headers: res.headers, body: bytes, length: received, tookMs });
        };
        res.once("end", () => end(res.statusCode ?? 0, Buffer.concat(chunks)));
        res.once("error", () => end(0, Buffer.from("cut")));
      });
      const timer = setTimeout(() => req.destroy(new Error("no answer in time")), ask.patienceMs ?? patienceMsDefault);
      req.on("error", (error: NodeJS.ErrnoException) => {
        // A refusal may be on its way while we are still writing: it counts, the broken pipe does not.
        if (isAnswered) return;
        clearTimeout(timer);
        const why = Buffer.from(error.code ?? error.message);
        resolve({ status: 0, headers: {}, body: why, length: 0, tookMs: performance.now() - startedAt });
      });
      req.end(body);
    });
  }

  return {
    send,
    sentBytes: () => closedBytes + [...open].reduce((sum, socket) => sum + socket.bytesWritten, 0),
    close: () => agent.destroy(),
  };
}

/** The body of an answer as JSON. */
export function jsonOf<Body = Record<string, unknown>>(answer: Answer): Body {
  return JSON.parse(answer.body.toString("utf8")) as Body;
}

/** The answer, when it has the expected status; throws with what came instead. */
export function expectStatus(answer: Answer, ...expected: number[]): Answer {
  if (expected.includes(answer.status)) return answer;
  throw new Error(`Expected ${expected.join(" or ")}, got ${answer.status}: ${answer.body.toString("utf8", 0, 500)}`);
}
