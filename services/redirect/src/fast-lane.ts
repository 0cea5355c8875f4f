// The fast lane: a scan in its ordinary shape, one whole GET of a known code, is answered right from its bytes. node:http
// spends more time on making request and response objects than everything else takes together. Whatever is not ordinary
// in any way is handed to node:http with its connection, which it keeps; tests show that both answer alike.
import type { Server } from "node:http";
import type { Socket } from "node:net";
import { requestIdFrom } from "@qrfactory/runtime/request-id";
import type { ScanRequest } from "./scan.js";

/** What a plain request says. */
export type PlainRequest = ScanRequest & { shortId: string; requestId: string | undefined };

/** Takes a scan: null when it is not a redirect to a destination, else resolves with that once it is written down. */
export type TakeScan = (request: PlainRequest) => Promise<string> | null;

export type FastLane = {
  /** Sends idle clients away and answers the others for the last time. */
  close(): void;
};

/** A phone's request has some 600 bytes. */
const requestBytesMax = 4_096;

/**
 * Puts the lane in front of a server: connections begin here. Timeouts are those of the server; `takeScan` is asked for
 * every plain request.
 */
export function openFastLane(server: Server, takeScan: TakeScan): FastLane {
  const [takeOver] = server.listeners("connection") as [(socket: Socket) => void];
  const idle = new Set<Socket>();
  let closing = false;
  const keepAlive = `Connection: keep-alive\r\nKeep-Alive: timeout=${server.keepAliveTimeout / 1000}\r\n\r\n`;

  function onConnection(socket: Socket): void {
    let isBusy = false;
    let hasEnded = false;
    let waiting: Buffer | null = null;

    function onData(bytes: Buffer): void {
      if (isBusy) {
        // Sent before the answer to what came before it: a client that is not ordinary.
        waiting = waiting ? Buffer.concat([waiting, bytes]) : bytes;
        socket.pause();
        return;
      }
      const request = readPlainRequest(bytes, socket);
      const scanned = request && takeScan(request);
      if (!scanned) {
        handOver(bytes);
        return;
      }
      isBusy = true;
      idle.delete(socket);
      scanned.then((location) => reply(location, requestIdFrom(request.requestId)));
    }

    function reply(location: string, requestId: string): void {
      isBusy = false;
      if (socket.destroyed) return;
      const isLast = closing || hasEnded;
      const sent = socket.write(
        `HTTP/1.1 302 Found\r\nLocation: ${location}\r\nCache-Control: private, no-store\r\n` +
          `Referrer-Policy: no-referrer-when-downgrade\r\nX-Request-Id: ${requestId}\r\nContent-Length: 0\r\n` +
          `Date: ${dateNow()}\r\n${isLast ? "Connection: close\r\n\r\n" : keepAlive}`,
        "latin1",
      );
      if (isLast) return void socket.end();
      idle.add(socket);
      socket.setTimeout(server.keepAliveTimeout);
      if (!sent) {
        socket.pause();
        socket.once("drain", () => socket.resume());
      } else if (waiting) {
        const bytes = waiting;
        waiting = null;
        socket.resume();
        onData(bytes);
      }
    }

    function handOver(bytes: Buffer): void {
      idle.delete(socket);
      for (const [event, listener] of Object.entries(listeners)) socket.off(event, listener);
      socket.setTimeout(0);
      takeOver.call(server, socket);
      socket.unshift(bytes);
    }

    const listeners = {
      data: onData,
      end() {
        hasEnded = true;
        if (!isBusy) socket.end();
      },
      timeout: () => socket.destroy(),
      error: () => socket.destroy(),
      close: () => void idle.delete(socket),
    };
    for (const [event, listener] of Object.entries(listeners)) socket.on(event, listener);
    socket.setTimeout(server.headersTimeout);
    idle.add(socket);
  }

  server.off("connection", takeOver);
  server.on("connection", onConnection);
  return {
    close() {
      closing = true;
      for (const socket of idle) socket.end();
    },
  };
}

/** A request for `/q/{id}` or `/{id}`, and one line of its headers. */
const requestLine = /^GET \/(?:[Qq]\/)?([A-Za-z0-9-]{3,64})\/?(?:\?[!-~]*)? HTTP\/1\.1\r\n/;
const headerLine = /([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t ]*([\t -~\x80-\xff]*)\r\n/y;
const emptyLine = "\r\n";

/** What a header is to a plain request: something that is wanted, ignored, or not plain. */
type Meaning = keyof PlainRequest | "host" | "connection" | "ignored" | "unusual";

/** All other headers are ignored. Those that are unusual change what a request is, or belong to one with a body. */
const meanings = new Map<string, Meaning>([
  ["host", "host"],
  ["connection", "connection"],
  ["x-request-id", "requestId"],
  ["x-forwarded-for", "forwardedFor"],
  ["user-agent", "userAgent"],
  ["accept-language", "language"],
  ["referer", "referrer"],
  ["sec-purpose", "purpose"],
  ...["content-length", "transfer-encoding", "trailer", "te", "expect", "upgrade", "http2-settings"].map(asUnusual),
  ...["proxy-connection", "keep-alive"].map(asUnusual),
]);

function asUnusual(name: string): [string, Meaning] {
  return [name, "unusual"];
}

/** Spellings that were met, so that no name is changed to lower case twice; there are few in ordinary life. */
const spellings = new Map<string, Meaning>();
const spellingsMax = 1_000;

function meaningOf(name: string): Meaning {
  const known = spellings.get(name);
  if (known !== undefined) return known;
  const meaning = meanings.get(name.toLowerCase()) ?? "ignored";
  if (spellings.size < spellingsMax) spellings.set(name, meaning);
  return meaning;
}

/** The request that is all of `bytes`, or null when they are anything else than a plain one. */
export function readPlainRequest(bytes: Buffer, socket: Pick<Socket, "remoteAddress">): PlainRequest | null {
  if (bytes.length > requestBytesMax) return null;
  const text = bytes.toString("latin1");
  const request = requestLine.exec(text);
  if (!request) return null;
  const found: Partial<Record<Meaning, string>> = {};
  let end = request[0].length;
  headerLine.lastIndex = end;
  for (let line = headerLine.exec(text); line; line = headerLine.exec(text)) {
    end = headerLine.lastIndex;
    const meaning = meaningOf(line[1] as string);
    if (meaning === "ignored") continue;
    // A second header of a kind that is wanted is not plain either.
    if (meaning === "unusual" || found[meaning] !== undefined) return null;
    found[meaning] = (line[2] as string).trimEnd();
  }
  if (text.length !== end + emptyLine.length || !text.endsWith(emptyLine)) return null;
  const { host, connection, ...headers } = found;
  if (host === undefined || (connection !== undefined && connection.toLowerCase() !== "keep-alive")) return null;
  return { shortId: request[1] as string, requestId: undefined, peer: socket.remoteAddress ?? "", ...headers };
}

let dateSecond = 0;
let date = "";

/** The Date header (RFC 9110, 5.6.7), made once a second. */
function dateNow(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    date = new Date(second * 1000).toUTCString();
  }
  return date;
}
