// Addresses that must never be fetched, and hosts that answer as no good host does.
import type { RequestListener, ServerResponse } from "node:http";

/** Refused as they are written, before anything is looked up or connected to. */
export const refusedAddresses = [
  "http://127.0.0.1/logo.png",
  "http://2130706433/logo.png",
  "http://0x7f000001/logo.png",
  "http://0177.0.0.1/logo.png",
  "http://127.1/logo.png",
  "http://0.0.0.0/logo.png",
  "http://[::1]/logo.png",
  "http://[::]/logo.png",
  "http://[::ffff:127.0.0.1]/logo.png",
  "http://[::ffff:169.254.169.254]/logo.png",
  "http://[fe80::1]/logo.png",
  "http://[fd00::1]/logo.png",
  "http://[64:ff9b::7f00:1]/logo.png",
  "http://[64:ff9b:1::808:808]/logo.png",
  "http://[::127.0.0.1]/logo.png",
  "http://[::ffff:0:127.0.0.1]/logo.png",
  "http://[2002:7f00:1::1]/logo.png",
  "http://[2001:0:808:808::80ff:fffe]/logo.png",
  "http://[2a00::5efe:10.0.0.1]/logo.png",
  "http://[fe80::1%25eth0]/logo.png",
  "http://169.254.169.254/latest/meta-data/",
  "http://10.0.0.1/logo.png",
  "http://172.16.0.1/logo.png",
  "http://192.168.0.1/logo.png",
  "http://100.64.0.1/logo.png",
  "http://224.0.0.1/logo.png",
  "http://localhost/logo.png",
  "http://LOCALHOST./logo.png",
  "http://printer.local/logo.png",
  "http://metadata.google.internal/",
  "http://intranet/logo.png",
  "http://①②⑦.⓪.⓪.①/logo.png",
  "https://example.com:8443/logo.png",
  "http://example.com:22/logo.png",
  "https://user:password@example.com/logo.png",
  "https://example.com@127.0.0.1/logo.png",
  "ftp://example.com/logo.png",
  "file:///etc/passwd",
  "data:image/png;base64,AAAA",
  "javascript:alert(1)",
  "//example.com/logo.png",
  "not a url",
  "",
  "https://example.com/logo.png\r\nHost: evil",
  "https://example.com/\u202egnp.ogol",
  `https://example.com/${"a".repeat(3_000)}`,
];

/** Bytes that `flood` has sent, over all responses. */
export const flooded = { bytes: 0 };

function flood(res: ServerResponse): void {
  const piece = Buffer.alloc(65_536);
  const more = () => {
    if (res.destroyed) return;
    flooded.bytes += piece.length;
    if (res.write(piece)) setImmediate(more);
    else res.once("drain", more);
  };
  more();
}

function drip(res: ServerResponse): void {
  const timer = setInterval(() => res.write("x"), 20);
  res.on("close", () => clearInterval(timer));
}

/** Behaviour of a host → its handler. */
export const hostileHosts: [name: string, listener: RequestListener][] = [
  ["redirects inward", (_req, res) => res.writeHead(302, { Location: "http://127.0.0.1/" }).end()],
  ["redirects to a public place", (_req, res) => res.writeHead(301, { Location: "https://example.com/" }).end()],
  ["has nothing", (_req, res) => res.writeHead(404).end()],
  ["fails", (_req, res) => res.writeHead(500).end()],
  ["answers with no content", (_req, res) => res.writeHead(204).end()],
  ["announces 10 GB", (_req, res) => res.writeHead(200, { "Content-Length": 1e10 }).write("x")],
  ["announces more than it sends", (req, res) => cutShort(res, () => req.socket.destroy())],
  ["sends without end", (_req, res) => flood(res)],
  ["never answers", () => {}],
  ["drips a byte at a time", (_req, res) => drip(res)],
  ["closes the connection", (req) => req.socket.destroy()],
  ["speaks no HTTP", (req) => req.socket.end("hello\r\n\r\n")],
  ["sends an HTML page as a PNG", (_req, res) => res.setHeader("Content-Type", "image/png").end("<html>")],
  ["sends an empty body", (_req, res) => res.end()],
];

function cutShort(res: ServerResponse, close: () => void): void {
  res.writeHead(200, { "Content-Length": 1_000 });
  res.write("x", () => close());
}
