// The life of a server process: listen with tight timeouts, answer unreadable requests properly, and on SIGTERM finish
// what is under way before going.
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { ApiError } from "@qrfactory/domain/http/errors";
import { makeInTurns } from "../load/in-turns.js";
import type { Log } from "../log.js";
import { createMetricsServer, type Metrics } from "../metrics.js";
import { makeAnswers } from "./answers.js";
import { rawProblem, sendProblem } from "./problem.js";
import { requestIdFrom } from "./request-id.js";

/** A client that has not finished its headers by then is cut (408). */
const headersTimeoutMs = 10_000;
/** A client that has not finished its body by then is cut (408). */
const requestTimeoutMs = 30_000;
/**
 * How often the two limits above are enforced: found once a second, thousands of slow clients would be one long pause.
 */
const connectionsCheckMs = 100;
/** Longer than nginx keeps idle upstream connections (60 s), so that nginx, not we, closes them: no lost races. */
const keepAliveTimeoutMs = 75_000;
/** 16 kB of headers; more is 431. */
const headerBytesMax = 16_384;
/** Slow clients that are cut in one turn of the loop, at some 50 µs each; others are served between two turns. */
const cutsPerTurn = 20;
/** A refusal waits for the answers before it longer than any of ours takes: the longest wait on offer is 30 s. */
const answersMsMax = 35_000;
/** A drain that takes longer is cut short: supervisors kill after 30 s. */
const drainMsMax = 10_000;
const drainSweepMs = 20;

/** A request line whose method is a token (RFC 9110, 9.1); other requests may stand before it in the same packet. */
const requestLine = /[!#$%&'*+.^_`|~0-9A-Za-z-] \S+ HTTP\/1\.[01]\r?\n/y;
/** Characters of the longest method that is looked for. */
const methodMax = 40;

type ParseError = NodeJS.ErrnoException & { rawPacket?: Buffer; bytesParsed?: number };

/** Whether the parser stopped in the method of a request that is one otherwise. */
function hasUnknownMethod({ code, rawPacket, bytesParsed = 0 }: ParseError): boolean {
  if (code !== unknownMethod || !rawPacket) return false;
  const text = rawPacket.toString("latin1", bytesParsed, bytesParsed + headerBytesMax);
  const end = text.indexOf(" ");
  requestLine.lastIndex = end - 1;
  return end > 0 && end <= methodMax && requestLine.test(text);
}

/** The request id that came with a request whose method is unknown, as the gateway sends it along. */
function idIn(error: ParseError): string | undefined {
  if (!hasUnknownMethod(error)) return undefined;
  const text = error.rawPacket?.toString("latin1", error.bytesParsed, (error.bytesParsed ?? 0) + headerBytesMax);
  return /\r\nx-request-id:[\t ]*([^\r\n]*)\r\n/i.exec(text ?? "")?.[1];
}

/** The refusal of a request that cannot be read, by Node's code of the error. */
function refusalOf(error: ParseError): ApiError {
  const { code } = error;
  if (hasUnknownMethod(error)) return new ApiError("not_implemented", "No address here has this method.");
  if (code === tooLarge) return new ApiError("headers_too_large", "The request headers are larger than 16 kB.");
  if (code === tooSlow) return new ApiError("request_timeout", "The request did not arrive in time.");
  return new ApiError("malformed_request", "The request is not valid HTTP.");
}
const tooLarge = "HPE_HEADER_OVERFLOW";
const tooSlow = "ERR_HTTP_REQUEST_TIMEOUT";
const unknownMethod = "HPE_INVALID_METHOD";

/** Times of a server. */
export type HttpServerOptions = {
  /** Only tests shorten it: see `answersMsMax` above. */
  answersMsMax?: number;
};

/**
 * A node:http server with this product's timeouts and answers for requests that cannot be parsed. Such an answer
 * follows those to the requests before it on the same connection.
 */
export function createHttpServer(listener: RequestListener, options: HttpServerOptions = {}): Server {
  const answers = makeAnswers({ waitMsMax: options.answersMsMax ?? answersMsMax });
  const inTurns = makeInTurns(cutsPerTurn);
  const answering: RequestListener = (req, res) => {
    answers.begin(req, res);
    refuseWithoutHost(listener, req, res);
  };
  const server = createServer(
    {
      maxHeaderSize: headerBytesMax,
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      connectionsCheckingInterval: connectionsCheckMs,
      keepAliveTimeout: keepAliveTimeoutMs,
      // Node's own refusal has no body; ours is below.
      requireHostHeader: false,
    },
    answering,
  );
  // An expectation that we do not know may be ignored (RFC 9110, 10.1.1).
  server.on("checkExpectation", answering);
  server.on("connect", (_req: IncomingMessage, socket: Socket) => {
    // Node has taken its own listeners off: an error without any would end the process.
    socket.on("error", () => socket.destroy()).resume();
    refuse(socket, new ApiError("method_not_allowed", "This is not a proxy.", { headers: { Allow: "GET, HEAD" } }));
  });
  server.on("clientError", (error: ParseError, socket: Socket) => {
    if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
    // Node would end the connection together with the client, before it is answered.
    socket.removeAllListeners("end");
    if (error.code === tooSlow) inTurns(() => refuse(socket, refusalOf(error)));
    else refuse(socket, refusalOf(error), idIn(error));
  });
  const refuse = (socket: Socket, error: ApiError, id?: string) =>
    answers.endAfter(socket, rawProblem(error, requestIdFrom(id)));
  return server;
}

/** A request in HTTP/1.1 names its host, or is refused (RFC 9112, 3.2). */
function refuseWithoutHost(listener: RequestListener, req: IncomingMessage, res: ServerResponse): void {
  if (req.headers.host !== undefined || req.httpVersionMinor === 0) {
    listener(req, res);
    return;
  }
  const requestId = requestIdFrom(req.headers["x-request-id"]);
  res.setHeader("X-Request-Id", requestId);
  sendProblem(res, new ApiError("malformed_request", "The Host header is missing."), requestId);
}

/** Starts listening and returns the port that was taken; rejects when the port is in use. */
export async function listen(server: Server, address: { host: string; port: number }): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(address.port, address.host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  return (server.address() as AddressInfo).port;
}

/**
 * Stops accepting, lets requests under way finish (at most 10 s), tells kept-alive clients to go, then resolves.
 */
export async function drain(server: Server): Promise<void> {
  server.prependListener("request", (_req, res) => res.setHeader("Connection", "close"));
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  // A connection whose request was under way becomes idle only when that is answered.
  const sweep = setInterval(() => server.closeIdleConnections(), drainSweepMs);
  const cut = setTimeout(() => server.closeAllConnections(), drainMsMax);
  await closed;
  clearInterval(sweep);
  clearTimeout(cut);
}

/**
 * Runs a process until SIGTERM or SIGINT, then `stop` once, then exits 0. An uncaught error is logged and ends the
 * process with 1: a supervisor starts a clean one.
 */
function runUntilSignal(options: { log: Log; stop: () => Promise<void> }): void {
  const { log } = options;
  let stopping = false;
  const onSignal = (signal: NodeJS.Signals) => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, "stopping");
    options.stop().then(
      () => process.exit(0),
      (error) => {
        log.error({ err: error }, "did not stop cleanly");
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  const onCrash = (error: unknown) => {
    log.fatal({ err: error }, "uncaught error");
    process.exit(1);
  };
  process.on("uncaughtException", onCrash);
  process.on("unhandledRejection", onCrash);
}

/** Listener of a process with its start and its end. */
export type ServeOptions = {
  listener: RequestListener;
  config: { HOST: string; PORT: number; METRICS_PORT: number };
  log: Log;
  metrics: Metrics;
  /** Told of the server before it listens; returns what is done when it begins to drain. */
  front?: (server: Server) => { close(): void };
  /** Runs once nothing is under way any more: ends loops, closes connections. */
  stop: () => Promise<void>;
};

/** A service from listening to its end: requests on one port, metrics on another, a drain at the signal to stop. */
export async function serve({ listener, config, log, metrics, front, stop }: ServeOptions): Promise<void> {
  const server = createHttpServer(listener);
  const lane = front?.(server);
  const metricsServer = createMetricsServer(metrics);
  await listen(metricsServer, { host: config.HOST, port: config.METRICS_PORT });
  const port = await listen(server, { host: config.HOST, port: config.PORT });
  log.info({ port }, "listening");
  runUntilSignal({
    log,
    stop: async () => {
      lane?.close();
      await drain(server);
      await stop();
      metricsServer.close();
    },
  });
}
