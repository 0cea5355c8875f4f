// `npm run dev`: a compiler that watches the sources, and the services restarted whose compiled code changed.
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, watch } from "node:fs";
import { join } from "node:path";
import type { Role } from "../stack/supervisor.js";

/** One save may compile several packages, one after the other. */
const settleMs = 400;

/** Packages that run as processes, and the roles of these. */
const rolesOf: Record<string, Role[]> = {
  "@qrfactory/management": ["management", "worker"],
  "@qrfactory/render": ["render"],
  "@qrfactory/redirect": ["redirect"],
};

/** A package of the workspace: where it lies, and which others it imports. */
type WorkspacePackage = { folder: string; dependencies: string[] };

/** The packages below `packages` and `services`, by name. */
export function readWorkspace(root: string): Map<string, WorkspacePackage> {
  const found = new Map<string, WorkspacePackage>();
  for (const kind of ["packages", "services"]) {
    for (const name of readdirSync(join(root, kind))) {
      const folder = join(root, kind, name);
      const file = join(folder, "package.json");
      if (!existsSync(file)) continue;
      const manifest = JSON.parse(readFileSync(file, "utf8")) as { name: string; dependencies?: object };
      found.set(manifest.name, { folder, dependencies: Object.keys(manifest.dependencies ?? {}) });
    }
  }
  return found;
}

/** The roles of all services that contain one of the changed packages, directly or through others. */
export function rolesToRestart(workspace: Map<string, WorkspacePackage>, changed: Iterable<string>): Role[] {
  const contains = (name: string, wanted: Set<string>): boolean =>
    wanted.has(name) || (workspace.get(name)?.dependencies ?? []).some((inner) => contains(inner, wanted));
  const wanted = new Set(changed);
  return Object.entries(rolesOf).flatMap(([name, roles]) => (contains(name, wanted) ? roles : []));
}

/** Root of the sources, and the restart of services. */
export type WatchOptions = {
  root: string;
  restart: (roles: Role[]) => Promise<void>;
  say: (sentence: string) => void;
};

/** Compiles and restarts for as long as this process lives. */
export function watchSources({ root, restart, say }: WatchOptions): void {
  const workspace = readWorkspace(root);
  const changed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;

  async function restartChanged(): Promise<void> {
    const roles = rolesToRestart(workspace, changed);
    changed.clear();
    if (roles.length === 0) return;
    say(`Restarting ${roles.join(", ")}`);
    await restart(roles);
  }

  for (const [name, { folder }] of workspace) {
    const compiled = join(folder, "dist");
    if (!existsSync(compiled)) continue;
    watch(compiled, { recursive: true }, (_event, file) => {
      if (!file?.endsWith(".js") || /\.(test|fixture)\.js$/.test(file)) return;
      changed.add(name);
      clearTimeout(timer);
      timer = setTimeout(() => void restartChanged(), settleMs);
    });
  }
  const compiler = join(root, "node_modules", ".bin", "tsc");
  const child = spawn(compiler, ["-b", "infra", "--watch", "--preserveWatchOutput"], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  });
  child.on("error", (error) => say(`The compiler could not be started: ${error.message}`));
  process.once("exit", () => child.kill());
}
