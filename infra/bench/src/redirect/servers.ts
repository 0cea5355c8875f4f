// Servers that a redirect process is compared with, one process each: nginx's `return 302`, and Express over a Map.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "@qrfactory/processes/ports";
import { startProcess, startScript } from "@qrfactory/processes/process";
import { until } from "@qrfactory/processes/until";

/** A running server and its end. */
export type Server = { url: string; stop: () => Promise<unknown> };

/** Starts nginx with one worker, in a directory of its own. */
export async function startNginx(directory: string): Promise<Server> {
  const port = await freePort();
  mkdirSync(join(directory, "logs"), { recursive: true });
  writeFileSync(
    join(directory, "nginx.conf"),
    `daemon off; worker_processes 1; pid nginx.pid; error_log stderr error;
     events { worker_connections 1024; }
     http { access_log off; server { listen 127.0.0.1:${port};
       location / { return 302 "https://example.com/landing/1?utm_source=print&utm_medium=qr"; } } }\n`,
  );
  const args = ["-p", directory, "-c", "nginx.conf"];
  const child = await startProcess({ command: "nginx", args, leashed: true });
  return ready({ url: `http://127.0.0.1:${port}`, stop: () => child.stop() });
}

/** Starts Express with so many codes in its Map. */
export async function startExpress(codes: number): Promise<Server> {
  const port = await freePort();
  const child = await startScript(fileURLToPath(new URL("./peer-map.js", import.meta.url)), {
    env: { ...process.env, PORT: String(port), CODES: String(codes), NODE_ENV: "production" },
  });
  return ready({ url: `http://127.0.0.1:${port}`, stop: () => child.stop() });
}

async function ready(server: Server): Promise<Server> {
  const answers = () => fetch(`${server.url}/q/x`, { redirect: "manual" });
  await until(() =>
    answers().then(
      () => true,
      () => false,
    ),
  );
  return server;
}
