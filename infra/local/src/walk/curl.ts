// Requests by the real curl, as a newcomer would make them from a shell: status, headers and bytes of the answer.
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Everything on one machine answers in milliseconds; a request that takes this long is stuck. */
const requestSecondsMax = 10;

/** Scans by programs may be left out of counts; a phone's never are. */
const phone =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) " +
  "Version/17.5 Mobile/15E148 Safari/604.1";

/** An answer as curl wrote it. */
export type Answer = {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: Buffer;
  /** The body read as JSON; throws when it is something else. */
  json(): Record<string, unknown>;
};

/** Parts of a request beside its address. */
export type Ask = {
  method?: "GET" | "HEAD" | "POST" | "PATCH" | "DELETE";
  headers?: Record<string, string>;
  /** Sent as JSON. */
  json?: unknown;
};

/** Makes one request; redirects are not followed. Throws when no answer comes. */
export async function curl(url: string, ask: Ask = {}): Promise<Answer> {
  const { method = ask.json === undefined ? "GET" : "POST", headers = {} } = ask;
  const bodyFile = join(tmpdir(), `qrfactory-walk-${randomUUID()}`);
  const args = [
    "-sS",
    "--noproxy",
    "*",
    "--max-time",
    String(requestSecondsMax),
    "-A",
    phone,
    "-D",
    "-",
    "-o",
    bodyFile,
  ];
  if (method === "HEAD") args.push("--head");
  else args.push("-X", method);
  const sent = ask.json === undefined ? headers : { ...headers, "Content-Type": "application/json" };
  for (const [name, value] of Object.entries(sent)) args.push("-H", `${name}: ${value}`);
  if (ask.json !== undefined) args.push("--data-binary", JSON.stringify(ask.json));
  try {
    const { stdout } = await run("curl", [...args, "--", url]);
    // An interim answer (100 Continue) comes with headers of its own; the last block is the answer's.
    const block =
      stdout
        .trimEnd()
        .split(/\r\n\r\n/)
        .at(-1) ?? "";
    const [statusLine = "", ...lines] = block.split("\r\n");
    const body = method === "HEAD" ? Buffer.alloc(0) : readBody(bodyFile);
    return {
      status: Number(statusLine.split(" ")[1]),
      headers: Object.fromEntries(lines.map((line) => splitHeader(line))),
      body,
      json: () => JSON.parse(body.toString("utf8")),
    };
  } finally {
    rmSync(bodyFile, { force: true });
  }
}

function splitHeader(line: string): [string, string] {
  const colon = line.indexOf(":");
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

/** curl makes no file for an empty body. */
function readBody(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    return Buffer.alloc(0);
  }
}
