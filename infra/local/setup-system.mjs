// System packages, which no package manager for JavaScript brings: PostgreSQL, Redis, nginx, curl, Chromium, viewers of
// PDF and EPS, ZBar, Python with httpx, and the libraries that node-canvas is compiled against. Installs what is missing
// through apt-get where there is one, without starting any of their system services, else says what to install.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { run, SetupError, say, step } from "./progress.mjs";

/** Part → how to see that it is there, Debian's packages, and its system service that must stay off. */
const parts = {
  postgresql: { isThere: hasPostgres, packages: ["postgresql"], service: "postgresql" },
  redis: { isThere: () => inPath("redis-server"), packages: ["redis-server"], service: "redis-server" },
  nginx: { isThere: () => inPath("nginx"), packages: ["nginx-light"], service: "nginx" },
  wrk: { isThere: () => inPath("wrk"), packages: ["wrk"], service: null },
  curl: { isThere: () => inPath("curl"), packages: ["curl"], service: null },
  // Viewers of PDF and EPS by other people.
  viewers: {
    isThere: () => inPath("pdftoppm") && inPath("gs"),
    packages: ["poppler-utils", "ghostscript"],
    service: null,
  },
  // The browser of tests; packages/testing/src/browser.ts looks for the same names.
  chromium: {
    isThere: () => ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"].some(inPath),
    packages: ["chromium"],
    service: null,
  },
  // A decoder that simulated cameras are read with, called through Python.
  zbar: { isThere: hasZbar, packages: ["python3", "libzbar0"], service: null },
  // What the client for Python is tested and built with; packages/sdk-python/src/python.test.ts looks in the same places.
  python: {
    isThere: () => ["/usr/bin/python3", "python3"].some(hasClientParts),
    packages: ["python3-httpx", "python3-build", "python3-wheel", "python3-setuptools"],
    service: null,
  },
  // node-canvas offers a prebuilt download that many networks do not let through; it compiles in half a minute.
  drawing: {
    isThere: hasDrawingLibraries,
    packages: [
      ...["libcairo2-dev", "libpango1.0-dev", "libjpeg-dev", "libgif-dev", "librsvg2-dev"],
      ...["pkg-config", "build-essential", "python3"],
    ],
    service: null,
  },
};

/** Libraries that node-canvas asks pkg-config for, and the one header that has no such description. */
const drawingLibraries = ["cairo", "libpng", "pangocairo", "freetype2", "libjpeg", "librsvg-2.0"];
const gifHeader = "/usr/include/gif_lib.h";

/** Where Debian keeps PostgreSQL's programs; they are not in PATH. */
const debianPostgres = "/usr/lib/postgresql";

/** Asked by package scripts before they start a service; 101 forbids it. */
const servicePolicy = "/usr/sbin/policy-rc.d";

/** Read by PostgreSQL's package before it makes and starts a cluster of its own. */
const clusterPolicy = "/etc/postgresql-common/createcluster.d/qrfactory.conf";

/** Another apt may be at work on a machine that has just booted. */
const lockPatienceSeconds = 120;

/** System folders that hold servers are not in every user's PATH. */
function inPath(program) {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin", "/sbin"];
  return folders.some((folder) => folder !== "" && existsSync(join(folder, program)));
}

function hasPostgres() {
  const versions = existsSync(debianPostgres) ? readdirSync(debianPostgres) : [];
  return versions.some((version) => existsSync(join(debianPostgres, version, "bin", "postgres"))) || inPath("postgres");
}

function hasDrawingLibraries() {
  if (!["pkg-config", "make", "g++", "python3"].every(inPath)) return false;
  if (spawnSync("pkg-config", ["--exists", ...drawingLibraries]).status !== 0) return false;
  // Outside Debian headers lie elsewhere; the compiler will say.
  return existsSync(gifHeader) || !inPath("apt-get");
}

function hasZbar() {
  const find = "import ctypes.util, sys; sys.exit(ctypes.util.find_library('zbar') is None)";
  return inPath("python3") && spawnSync("python3", ["-c", find]).status === 0;
}

function hasClientParts(python) {
  return spawnSync(python, ["-c", "import httpx, build, wheel, setuptools"]).status === 0;
}

/** Installs those of the named parts that are missing; does nothing when all are there. */
export async function installSystemParts(names) {
  const missing = names.filter((name) => !parts[name].isThere());
  if (missing.length === 0) return;
  const packages = missing.flatMap((name) => parts[name].packages);
  const how = howToInstall(packages);
  await step(`Installing ${packages.join(", ")} (system packages)`, () => how(missing.map((name) => parts[name])));
  const still = names.filter((name) => !parts[name].isThere());
  if (still.length > 0) throw new SetupError(`Still missing after the installation: ${still.join(", ")}.`);
}

/** Chooses apt-get as root or through sudo; throws with what to do by hand where neither is possible. */
function howToInstall(packages) {
  const byHand = `sudo apt-get update && sudo apt-get install -y ${packages.join(" ")}`;
  if (!inPath("apt-get")) {
    throw new SetupError(
      `These programs are missing, and this system has no apt-get to install them with: ${packages.join(", ")}.\n` +
        "Install PostgreSQL 15 or later, Redis 7 or later, nginx, curl, for the tests Chromium and " +
        "Python with httpx, build, wheel and setuptools, " +
        "and for node-canvas a C++ compiler, make, " +
        "python3, pkg-config, cairo, pango, libjpeg, giflib and librsvg with their headers, and run again.",
    );
  }
  const isRoot = process.getuid() === 0;
  if (!isRoot && !inPath("sudo")) {
    throw new SetupError(
      `System packages are missing, and only root may install them. Run this, then run again:\n  ${byHand}`,
    );
  }
  // Without a terminal sudo could only wait for a password that nobody types.
  const prefix = isRoot ? [] : process.stdin.isTTY ? ["sudo"] : ["sudo", "-n"];
  return async (chosen) => {
    try {
      await install(chosen, prefix);
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      throw new SetupError(`${error.message}\n\nThe system packages could not be installed. By hand:\n  ${byHand}`);
    }
  };
}

async function install(chosen, prefix) {
  const asRoot = (args, options = {}) => {
    const [command, ...rest] = [...prefix, ...args];
    return run(command, rest, { interactive: prefix.length > 0, ...options });
  };
  const apt = (...args) =>
    asRoot([
      ...["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-y", "-q"],
      ...["-o", `DPkg::Lock::Timeout=${lockPatienceSeconds}`, ...args],
    ]);
  const packages = chosen.flatMap((part) => part.packages);
  await withoutServices(asRoot, async () => {
    try {
      await apt("install", "--no-install-recommends", ...packages);
    } catch {
      // No package lists yet, as in most container images, or lists so old that their files are gone.
      say("  fetching the list of packages first");
      await apt("update");
      await apt("install", "--no-install-recommends", ...packages);
    }
  });
  // They would start at the next boot. Where systemd does not run there is nothing to switch off.
  const services = chosen.map((part) => part.service).filter((service) => service !== null);
  if (existsSync("/run/systemd/system") && services.length > 0) {
    await asRoot(["systemctl", "disable", "--quiet", ...services]).catch(() => {});
  }
}

/** Runs `act` while package scripts may neither start a service nor make a database cluster. */
async function withoutServices(asRoot, act) {
  const policies = [
    { file: servicePolicy, text: "#!/bin/sh\nexit 101\n", mode: "755" },
    { file: clusterPolicy, text: "create_main_cluster = false\n", mode: "644" },
  ].filter(({ file }) => !existsSync(file));
  const script = ({ file, text, mode }) =>
    `mkdir -p "$(dirname ${file})" && printf '${text.replaceAll("\n", "\\n")}' > ${file} && chmod ${mode} ${file}`;
  for (const policy of policies) await asRoot(["sh", "-c", script(policy)]);
  try {
    await act();
  } finally {
    for (const { file } of policies) await asRoot(["rm", "-f", file]);
  }
}
