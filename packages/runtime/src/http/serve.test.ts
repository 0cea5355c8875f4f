// An answer on its way to a client is never lost to rubbish that the client sends after its request.
import type { RequestListener, Server } from "node:http";
import { connect, type Socket } from "node:net";
import { afterEach, expect, test } from "@jest/globals";
import { until } from "@qrfactory/processes/until";
import { createHttpServer } from "@qrfactory/runtime/http/serve";
import { type Listening, listen } from "@qrfactory/testing/http";

/** A service that notes each effect, and answers when it is told to. */
async function start(patienceMs?: number) {
  const effects: string[] = [];
  const answers: (() => void)[] = [];
  const listener: RequestListener = (req, res) => {
    let body = "";
    req.setEncoding("utf8").on("data", (text) => {
      body += text;
    });
    req.on("end", () => {
      effects.push(`${req.method} ${req.url} ${body}`.trim());
      answers.push(() => res.writeHead(302, { Location: req.url, "Content-Length": 0 }).end());
    });
  };
  const server = createHttpServer(listener, patienceMs === undefined ? {} : { answersMsMax: patienceMs });
  const service: Listening = await listen(server);
  running.push(service);
  return { service, effects, answers, release: () => answers.splice(0).map((answer) => answer()) };
}
const running: Listening[] = [];
afterEach(async () => {
  for (const service of running.splice(0)) await service.close();
});

/** A connection that keeps everything it receives. */
function open({ port }: Listening, bytes: string) {
  const client = { received: "", isClosed: false, socket: undefined as unknown as Socket };
  client.socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  client.socket.setEncoding("latin1").on("data", (text) => {
    client.received += text;
  });
  client.socket
    .on("error", () => {})
    .on("close", () => {
      client.isClosed = true;
    });
  client.socket.on("end", () => client.socket.end());
  client.socket.write(bytes);
  return client;
}

const statusesOf = (received: string) => [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => status);
const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
const post = "POST /make HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok";
const expecting = "POST /make HTTP/1.1\r\nHost: x\r\nExpect: gifts\r\nContent-Length: 2\r\n\r\nok";
const tooLarge = `GET /large HTTP/1.1\r\nHost: x\r\nX-Big: ${"a".repeat(17_000)}\r\n\r\n`;

test.each([
  ["rubbish", get("/1"), "rubbish\r\n\r\n", ["GET /1"], ["302", "400"]],
  ["rubbish that goes on", get("/1"), "rubbish\r\n\r\n".repeat(5_000), ["GET /1"], ["302", "400"]],
  ["a method that nobody knows", get("/1"), "FETCH /2 HTTP/1.1\r\nHost: x\r\n\r\n", ["GET /1"], ["302", "501"]],
  ["a forbidden character", get("/1"), "GET /2 HTTP/1.1\r\nHost: x\r\nA\0B: c\r\n\r\n", ["GET /1"], ["302", "400"]],
  ["headers over 16 kB", get("/1"), tooLarge, ["GET /1"], ["302", "431"]],
  ["rubbish, after two", get("/1") + get("/2"), "rubbish\r\n\r\n", ["GET /1", "GET /2"], ["302", "302", "400"]],
  ["rubbish, after a POST with an effect", post, "rubbish\r\n\r\n", ["POST /make ok"], ["302", "400"]],
  ["rubbish, after an expectation", expecting, "rubbish\r\n\r\n", ["POST /make ok"], ["302", "400"]],
  ["a CONNECT", post, "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", ["POST /make ok"], ["302", "405"]],
  [
    "a request without a host",
    post,
    "GET /2 HTTP/1.1\r\n\r\nrubbish\r\n\r\n",
    ["POST /make ok"],
    ["302", "400", "400"],
  ],
  [
    "a body that cannot be read",
    post,
    "POST /cut HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n",
    ["POST /make ok"],
    ["302", "400"],
  ],
])(
  "an answer under way comes before the refusal of %s in the same packet",
  async (_what, good, bad, done, statuses) => {
    for (const hangsUp of [false, true]) {
      const { service, effects, answers, release } = await start();
      const client = open(service, good + bad);
      if (hangsUp) client.socket.end();
      await until(() => answers.length === done.length);
      // Passing turns do not bring the refusal out.
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
      expect(statusesOf(client.received)).toEqual([]);
      release();
      await until(() => client.isClosed);
      expect(statusesOf(client.received)).toEqual(statuses);
      expect(effects).toEqual(done);
    }
  },
);

test("an answer that does not come is waited for no longer than a client would, and is not mistaken for a refusal", async () => {
  const { service, answers } = await start(20);
  const client = open(service, `${post}rubbish\r\n\r\n`);
  await until(() => client.isClosed);
  expect([client.received, answers.length]).toEqual(["", 1]);
});

test("a body that cannot be read is refused at once: nothing else is to come of its request", async () => {
  const { service, effects } = await start();
  const client = open(service, "POST /cut HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n");
  await until(() => client.isClosed);
  expect([statusesOf(client.received), effects]).toEqual([["400"], []]);
});

test("a request that breaks after its answer gets no second one", async () => {
  const server = createHttpServer((_req, res) => void res.writeHead(401, { "Content-Length": 0 }).end());
  const service = await listen(server);
  running.push(service);
  const client = open(service, "POST /cut HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  await until(() => client.received !== "");
  client.socket.write("no chunk\r\n");
  await until(() => client.isClosed);
  expect(statusesOf(client.received)).toEqual(["401"]);
});

test("a client that is gone before its refusal disturbs nobody", async () => {
  const { service, release } = await start();
  let errors = 0;
  const onError = () => {
    errors += 1;
  };
  process.on("uncaughtException", onError);
  for (const bytes of ["CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", `${post}CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n`]) {
    for (let n = 0; n < 20; n++) {
      const client = open(service, bytes);
      await new Promise((resolve) => client.socket.once("connect", () => setImmediate(resolve)));
      client.socket.resetAndDestroy();
    }
  }
  await until(async () => {
    release();
    return (await connectionsOf(service.server)) === 0;
  });
  process.off("uncaughtException", onError);
  expect(errors).toBe(0);
});

const connectionsOf = (server: Server) =>
  new Promise<number>((resolve, reject) =>
    server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );
