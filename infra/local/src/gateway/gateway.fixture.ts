// A gateway in front of services that tell what they were asked, or misbehave, and requests as they are written. A test
// file that imports this has it from before its first test until after its last.
import { createServer, type IncomingHttpHeaders } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll } from "@jest/globals";
import { freePort } from "@qrfactory/processes/ports";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { type Listening, listen } from "@qrfactory/testing/http";
import type { Running } from "../stack/supervisor.js";
import { startGateway } from "./gateway.js";

const temp = makeTempDirectory();
const names = ["management", "worker", "render", "region-1", "region-2"] as const;
/** Services behind it. */
export type Name = (typeof names)[number];

/** Behaviour of each service in place of echoing the request. */
export const behaviour: Partial<Record<Name, "hang" | "503">> = {};
/** By name; a test may close one. */
export const services = {} as Record<Name, Listening>;
let gateway: Running;
/** Where it listens. */
export let origin: string;

/** A service that tells who it is and what it was asked, byte for byte. */
function tell(name: Name): Promise<Listening> {
  const server = createServer({ maxHeaderSize: 16_384 }, (req, res) => {
    if (behaviour[name] === "hang") return;
    let bodyBytes = 0;
    req.on("data", (chunk: Buffer) => {
      bodyBytes += chunk.length;
    });
    req.on("end", () => {
      res.statusCode = behaviour[name] === "503" ? 503 : 200;
      res.setHeader("X-Request-Id", String(req.headers["x-request-id"])).setHeader("Content-Type", "application/json");
      res.end(JSON.stringify({ name, url: req.url, method: req.method, headers: req.headers, bodyBytes }));
    });
  });
  return listen(server);
}

/** A request as a service got it. */
export type Told = { name: Name; url: string; method: string; headers: IncomingHttpHeaders; bodyBytes: number };

/** Sends a request exactly as written and returns the whole answer as text; every answer here says how long it is. */
export function raw(request: string): Promise<string> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) });
    let answer = "";
    socket.setTimeout(5_000, () => reject(new Error(`no answer to ${request.slice(0, 60)}`)));
    socket.on("data", (chunk) => {
      answer += chunk;
      const isWhole =
        answer.includes("\r\n\r\n") && Number(headerOf(answer, "Content-Length")) === bodyOf(answer).length;
      if (isWhole) socket.destroy();
    });
    socket.on("close", () => resolve(answer));
    socket.on("error", reject);
    socket.write(request);
  });
}

/** Gets a path exactly as it is written. */
export const get = (path: string, headers: Record<string, string> = {}) => {
  const lines = Object.entries({ Host: "gateway", Connection: "close", ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return raw(`GET ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
};

/** The status of an answer as it was sent. */
export const statusOf = (answer: string) => Number(answer.split(" ")[1]);
/** Its body. */
export const bodyOf = (answer: string) => answer.slice(answer.indexOf("\r\n\r\n") + 4);
/** One of its headers. */
export const headerOf = (answer: string, name: string) => answer.match(new RegExp(`^${name}: (.*?)\r$`, "im"))?.[1];

beforeAll(async () => {
  for (const name of names) services[name] = await tell(name);
  const address = (name: Name) => new URL(services[name].url).host;
  const port = await freePort();
  origin = `http://127.0.0.1:${port}`;
  gateway = await startGateway({
    folder: join(temp.path, "with a space", "gateway"),
    logFile: join(temp.path, "gateway.log"),
    env: process.env,
    targets: {
      listen: `127.0.0.1:${port}`,
      management: address("management"),
      worker: address("worker"),
      render: address("render"),
      redirects: [address("region-1"), address("region-2")],
    },
  });
  await until(async () => (await fetch(`${origin}/api/health/`)).ok);
});

afterAll(async () => {
  await gateway.stop();
  for (const name of names) await services[name].close();
  temp.remove();
});
