// The fast lane: a scan in its ordinary shape, one whole GET of a known code, is answered right from its bytes.
// node:http spends more time on making request and response objects than everything else takes together. A
// request that is not ordinary in any way is handed to node:http with its connection, which it keeps; tests show that
// both answer alike.
import type { Server } from "node:http";
import type { Socket } from "node:net";
import { requestIdFrom } from "@qrfactory/runtime/http/request-id";
import type { Asked } from "./dispatch.js";
import { saysPrefetch } from "./scan/headers.js";

/** Content of a plain request. */
type PlainRequest = Asked & { requestId: string | undefined };

/** Takes a scan and calls `reply` with its destination once it is written down; false when the answer is another. */
export type TakeScan = (asked: Asked, reply: (location: string) => void) => boolean;

/** Fast lane in front of a server. */
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
  /** Functions that end the connections in the lane, busy ones after their answer. */
  const ends = new Set<() => void>();
  let closing = false;
  const close = "Connection: close\r\n\r\n";
  const keepAlive = `Connection: keep-alive\r\nKeep-Alive: timeout=${server.keepAliveTimeout / 1000}\r\n\r\n`;

  function onConnection(socket: Socket): void {
    let isBusy = false;
    let isKept = false;
    let hasEnded = false;
    let waiting: Buffer | null = null;
    let requestId: string | undefined;

    function onData(bytes: Buffer): void {
      // Sent while we were ending the connection: it cannot be answered here, so it must not be counted here.
      if (socket.writableEnded) return void socket.destroy();
      if (isBusy) {
        // Sent before the answer to what came before it: a client that is not ordinary.
        waiting = waiting ? Buffer.concat([waiting, bytes]) : bytes;
        socket.pause();
        return;
      }
      const request = readPlainRequest(bytes, socket);
      isBusy = request !== null && takeScan(request, reply);
      if (isBusy) requestId = request?.requestId;
      else handOver(bytes);
    }

    function reply(location: string): void {
      isBusy = false;
      if (socket.destroyed) return;
      const isLast = closing || hasEnded;
      const sent = socket.write(
        `HTTP/1.1 302 Found\r\nLocation: ${location}${fixedHeaders}${requestIdFrom(requestId)}${dateHeader()}${isLast ? close : keepAlive}`,
        "latin1",
      );
      if (isLast) return void socket.end();
      if (!isKept) socket.setTimeout(server.keepAliveTimeout);
      isKept = true;
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

    function end(): void {
      hasEnded = true;
      if (!isBusy) socket.end();
    }

    function handOver(bytes: Buffer): void {
      ends.delete(end);
      for (const [event, listener] of Object.entries(listeners)) socket.off(event, listener);
      socket.setTimeout(0);
      takeOver.call(server, socket);
      socket.unshift(bytes);
    }

    const listeners = {
      data: onData,
      end,
      timeout: () => socket.destroy(),
      error: () => socket.destroy(),
      close: () => void ends.delete(end),
    };
    for (const [event, listener] of Object.entries(listeners)) socket.on(event, listener);
    socket.setTimeout(server.headersTimeout);
    ends.add(end);
  }

  // As the lane does, node:http then answers a client that has closed its side. Its types leave this property out.
  (server as Server & { httpAllowHalfOpen: boolean }).httpAllowHalfOpen = true;
  server.off("connection", takeOver);
  server.on("connection", onConnection);
  return {
    close() {
      closing = true;
      for (const end of ends) end();
    },
  };
}

/** A request for `/q/{id}` or `/{id}`, and one line of its headers. */
const requestLine = /^GET \/(?:[Qq]\/)?([A-Za-z0-9-]{3,64})\/?(?:\?([!-~]*))? HTTP\/1\.1\r\n/;
const headerLine = /([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t ]*([\t -~\x80-\xff]*)\r\n/y;
const emptyLine = "\r\n";

/** Headers that a plain request is read for. */
const wanted = [
  ...["host", "connection", "x-request-id", "x-forwarded-for"],
  ...["user-agent", "accept-language", "referer", "sec-purpose"],
  ...["x-scan-id", "x-scan-at"],
];
/** Headers of older browsers in place of `Sec-Purpose`; rare enough to be left to node:http. */
export const olderPurposes = ["purpose", "x-purpose", "x-moz"];
/** Headers that change what a request is, or that belong to one with a body. All others are ignored. */
const unusual = [
  ...["content-length", "transfer-encoding", "trailer", "te", "expect", "upgrade", "http2-settings"],
  ...["proxy-connection", "keep-alive"],
  ...olderPurposes,
];

/** Meaning of a header in a plain request: the index of one that is wanted, or one of these two. */
const isIgnored = -1;
const isUnusual = -2;
const meanings = new Map([
  ...wanted.map((name, index): [string, number] => [name, index]),
  ...unusual.map((name): [string, number] => [name, isUnusual]),
]);

/** Spellings that were met, so that no name is changed to lower case twice; there are few in ordinary life. */
const spellings = new Map<string, number>();
const spellingsMax = 1_000;

function meaningOf(name: string): number {
  const known = spellings.get(name);
  if (known !== undefined) return known;
  const meaning = meanings.get(name.toLowerCase()) ?? isIgnored;
  if (spellings.size < spellingsMax) spellings.set(name, meaning);
  return meaning;
}

/** The request that is all of `bytes`, or null when they are anything else than a plain one. */
function readPlainRequest(bytes: Buffer, socket: Pick<Socket, "remoteAddress">): PlainRequest | null {
  if (bytes.length > requestBytesMax) return null;
  const text = bytes.toString("latin1");
  const request = requestLine.exec(text);
  if (!request) return null;
  const found = new Array<string | undefined>(wanted.length);
  let end = request[0].length;
  headerLine.lastIndex = end;
  for (let line = headerLine.exec(text); line; line = headerLine.exec(text)) {
    end = headerLine.lastIndex;
    const meaning = meaningOf(line[1] as string);
    if (meaning === isIgnored) continue;
    // A second header of a kind that is wanted is not plain either.
    if (meaning === isUnusual || found[meaning] !== undefined) return null;
    found[meaning] = (line[2] as string).trimEnd();
  }
  if (text.length !== end + emptyLine.length || !text.endsWith(emptyLine)) return null;
  const [host, connection, requestId, forwardedFor, userAgent, language, referrer, purpose, scanId, scanAt] = found;
  if (host === undefined || (connection !== undefined && connection.toLowerCase() !== "keep-alive")) return null;
  return {
    method: "GET",
    place: "code",
    shortId: (request[1] as string).toUpperCase(),
    isPreview: false,
    peer: socket.remoteAddress ?? "",
    forwardedFor,
    userAgent,
    language,
    referrer,
    isPrefetch: saysPrefetch(purpose),
    query: request[2],
    scanId,
    scanAt,
    requestId,
  };
}

/** Between the location and the request's id, and what it ends with. */
const fixedHeaders =
  "\r\nCache-Control: private, no-store\r\nReferrer-Policy: no-referrer-when-downgrade\r\nX-Request-Id: ";

let dateSecond = 0;
let date = "";

/** The headers from after the request's id to the date (RFC 9110, 6.6.1), made once a second. */
function dateHeader(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    date = `\r\nContent-Length: 0\r\nDate: ${new Date(second * 1000).toUTCString()}\r\n`;
  }
  return date;
}
