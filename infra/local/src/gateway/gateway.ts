// The gateway's nginx: its configuration filled in from infra/nginx, and the process, which works in one folder of its
// own with no system path, as any user.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { killProcessesIn } from "@qrfactory/processes/proc";
import { startProcess } from "@qrfactory/processes/process";
import type { Running } from "../stack/supervisor.js";

const sources = fileURLToPath(new URL("../../../nginx/", import.meta.url));

/** Requests under way get this long when the stack stops; event streams would hold it up for ever. */
const stopGraceMs = 1_500;

/** Addresses in front of and behind the gateway, `host:port`. */
export type GatewayTargets = {
  /** `host:port` to listen on. */
  listen: string;
  /** Where clients reach it; default its own port. */
  publicBaseUrl?: string;
  management: string;
  worker: string;
  render: string;
  /** One `host:port` for each region. */
  redirects: string[];
};

/** Folder, log and targets of a gateway. */
export type GatewayOptions = {
  /** A folder of its own: configuration, landing page and temporary files. */
  folder: string;
  logFile: string;
  env: NodeJS.ProcessEnv;
  targets: GatewayTargets;
};

/**
 * A region that fails is left alone for a second, so that a frozen one holds up few scans. In a rolling restart that
 * second may outlast the next region's turn: then each is tried once more before anybody is refused.
 */
function redirectServers(addresses: string[]): string[] {
  const servers = addresses.map((address) => `server ${address} max_fails=1 fail_timeout=1s;`);
  const again = addresses.map((address) => `server ${address} max_fails=0 backup;`);
  return addresses.length > 1 ? [...servers, ...again] : servers;
}

/** The text of nginx.conf. Throws when the template has a name that is not known here. */
function renderGatewayConfig(template: string, targets: GatewayTargets): string {
  const isRoot = process.getuid?.() === 0;
  const values: Record<string, string> = {
    // Workers of a root nginx would drop to a user that may not enter the data directory. This one is local only.
    GATEWAY_USER: isRoot ? "user root;" : "",
    GATEWAY_LISTEN: targets.listen,
    MANAGEMENT_SERVER: targets.management,
    WORKER_SERVER: targets.worker,
    RENDER_SERVER: targets.render,
    REDIRECT_SERVERS: redirectServers(targets.redirects).join("\n    "),
    PROBLEM_BASE: `${targets.publicBaseUrl ?? `http://${targets.listen}`}/problems`,
    // Loopback has no TLS.
    STRICT_TRANSPORT: "",
  };
  // Comments speak of the names as well, and are left alone.
  const lines = template.split("\n").filter((line) => !line.trimStart().startsWith("#"));
  return lines.join("\n").replace(/\$\{([A-Z_]+)\}/g, (_match, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`nginx.conf.template names \${${name}}, which is not known.`);
    return value;
  });
}

/** Writes the configuration and starts nginx; leftovers of a killed one are ended first, because they hold the port. */
export async function startGateway(options: GatewayOptions): Promise<Running> {
  const { folder } = options;
  mkdirSync(folder, { recursive: true });
  killProcessesIn(folder, "nginx");
  rmSync(join(folder, "www"), { recursive: true, force: true });
  cpSync(join(sources, "www"), join(folder, "www"), { recursive: true });
  const template = readFileSync(join(sources, "nginx.conf.template"), "utf8");
  writeFileSync(join(folder, "nginx.conf"), renderGatewayConfig(template, options.targets));
  const child = await startProcess({
    command: findNginx(),
    args: ["-p", `${folder}/`, "-c", "nginx.conf", "-e", "stderr"],
    cwd: folder,
    env: options.env,
    logFile: options.logFile,
  });
  return {
    pid: child.pid,
    exited: child.exited,
    lastLines: child.lastLines,
    async stop() {
      await child.stop("SIGQUIT", stopGraceMs);
      killProcessesIn(folder, "nginx");
    },
    kill() {
      child.kill("SIGKILL");
      killProcessesIn(folder, "nginx");
    },
  };
}

/** /usr/sbin is not in every user's PATH. */
function findNginx(): string {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  return folders.map((path) => join(path, "nginx")).find((path) => existsSync(path)) ?? "nginx";
}
