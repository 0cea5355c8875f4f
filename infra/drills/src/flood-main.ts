// A process of its own that floods one region: scans of codes that do not exist, and clients that never finish their
// request. Told its address and how many of the latter; says "flooding" once all are connected, and its count at SIGTERM.
import { connect, type Socket } from "node:net";

const [port = "", slowClients = ""] = process.argv.slice(2);

/** 8 connections with 5 scans each 20 ms: 2,000 a second. */
const connections = 8;
const burst = 5;
const burstEveryMs = 20;
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
for (let n = 0; n < connections; n++) {
  const socket = await open();
  socket.setEncoding("latin1").on("data", (text: string) => {
    notFound += text.split("HTTP/1.1 404").length - 1;
  });
  setInterval(() => {
    for (let sent = 0; sent < burst; sent++) {
      const unknown = Math.random().toString(36).slice(2, 10).toUpperCase();
      socket.write(`GET /q/${unknown} HTTP/1.1\r\nHost: drill\r\n\r\n`);
    }
  }, burstEveryMs);
}
console.log("flooding");
process.once("SIGTERM", () => {
  console.log(`not found: ${notFound}`);
  process.exit(0);
});
