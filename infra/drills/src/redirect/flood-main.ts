// A process of its own that floods one region: scans of codes that do not exist, with headers of every kind that are as
// long as they may be, some such scans of a code that exists, and clients that never finish their request. Told the
// region's port, how many of the latter, and the code; says "flooding" once all are connected, and its counts at
// SIGTERM.
import { connect, type Socket } from "node:net";

const [port = "", slowClients = "", shortId = ""] = process.argv.slice(2);

/** Just below the 16 kB that a service takes. */
const headerBytes = 15_500;
const endless = (piece: string) => piece.repeat(headerBytes / piece.length);

/**
 * Headers that cost more the longer they are read; the user agent is another one each time, so that none is remembered.
 */
const hostile: (() => string)[] = [
  () => "",
  () => `Accept-Language: ${endless("a,")}\r\n`,
  () => `X-Forwarded-For: ${endless("10.0.0.1, ")}203.0.113.7\r\n`,
  () => `Referer: https://${endless("a.b/%")}\r\n`,
  () => `User-Agent: ${Math.random()} ${endless("Android ")}\r\n`,
  () => `Sec-Purpose: ${endless("prefetch;")}\r\nAccept: ${"text/htm".repeat(10)}\r\n`,
];

/** 8 connections that send one scan of each kind and one of the code each 24 ms: 2,000 and 333 a second. */
const connections = 8;
const burstEveryMs = 24;
/** Connections opened at once; the server's backlog holds 511. */
const step = 250;

const open = () => {
  const socket = connect(Number(port), "127.0.0.1");
  socket.on("error", () => {});
  return new Promise<Socket>((resolve) => socket.once("connect", () => resolve(socket)));
};

for (let opened = 0; opened < Number(slowClients); opened += step) {
  const some = await Promise.all(Array.from({ length: Math.min(step, Number(slowClients) - opened) }, open));
  for (const socket of some) socket.write("GET /q/SLOW HTTP/1.1\r\nHost: ");
}
let notFound = 0;
let ledOn = 0;
for (let n = 0; n < connections; n++) {
  const socket = await open();
  socket.setEncoding("latin1").on("data", (text: string) => {
    notFound += text.split("HTTP/1.1 404").length - 1;
    ledOn += text.split("HTTP/1.1 302").length - 1;
  });
  const send = (id: string, headers: string) => socket.write(`GET /q/${id} HTTP/1.1\r\nHost: drill\r\n${headers}\r\n`);
  let bursts = n;
  setInterval(() => {
    for (const headers of hostile) send(Math.random().toString(36).slice(2, 10).toUpperCase(), headers());
    send(shortId, hostile[bursts++ % hostile.length]?.() ?? "");
  }, burstEveryMs);
}
console.log("flooding");
process.once("SIGTERM", () => {
  console.log(`not found: ${notFound}, led on: ${ledOn}`);
  process.exit(0);
});
