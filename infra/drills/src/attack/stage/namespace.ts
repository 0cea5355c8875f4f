// A network of one's own: rows whose fault would be everybody's, such as a name server that says nothing, run once more
// in a process inside a network namespace, and their result comes back in a file.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startProcess } from "@qrfactory/processes/process";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import type { Result } from "../result.js";
import type { Row } from "../row.js";

const program = fileURLToPath(new URL("../../main.js", import.meta.url));
/** Set in the process inside. */
const insideVariable = "QRFACTORY_ATTACK_INSIDE";
const rowMsMax = 300_000;

/** Tells whether this process runs inside the network namespace already. */
export const isInside = () => process.env[insideVariable] !== undefined;

const ip = (...args: string[]) => execFileSync("ip", args, { stdio: ["ignore", "pipe", "pipe"] });

/** Why there can be no namespace here; null when there can. */
export function noNamespaceBecause(): string | null {
  if (isInside()) return null;
  if (process.getuid?.() !== 0) return "only root may make a network namespace";
  const name = `qrf-probe-${process.pid}`;
  try {
    ip("netns", "add", name);
    ip("netns", "del", name);
    return null;
  } catch (error) {
    return `no network namespace can be made here (${(error as Error).message.split("\n")[0]})`;
  }
}

/** Runs a row inside a namespace whose only network is loopback and whose name server is 127.0.0.1. */
export async function runInside(row: Row, root: string): Promise<Result> {
  const name = `qrf-attack-${process.pid}`;
  const temp = makeTempDirectory("qrfactory-inside-");
  const resultFile = join(temp.path, "result.json");
  const settings = join("/etc/netns", name);
  ip("netns", "add", name);
  try {
    mkdirSync(settings, { recursive: true });
    writeFileSync(join(settings, "resolv.conf"), "nameserver 127.0.0.1\noptions timeout:5 attempts:2\n");
    ip("netns", "exec", name, "ip", "link", "set", "lo", "up");
    const child = await startProcess({
      command: "ip",
      args: [
        "netns",
        "exec",
        name,
        process.execPath,
        program,
        "attack",
        row.name,
        "--root",
        root,
        "--result",
        resultFile,
      ],
      env: { ...process.env, [insideVariable]: name },
      onLine: (line) => console.log(line),
      leashed: "SIGTERM",
    });
    const timer = setTimeout(() => child.kill("SIGTERM"), rowMsMax);
    await child.exited;
    clearTimeout(timer);
    return JSON.parse(readFileSync(resultFile, "utf8")) as Result;
  } finally {
    ip("netns", "del", name);
    rmSync(settings, { recursive: true, force: true });
    temp.remove();
  }
}
