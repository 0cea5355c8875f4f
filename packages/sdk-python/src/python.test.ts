// The client for Python: its own tests, run by the system's Python; those of the resources on a real stack.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { launch } from "@qrfactory/local/stack/stack.fixture";
import { freePort } from "@qrfactory/processes/ports";
import type { StartedProcess } from "@qrfactory/processes/process";
import { makeTempDirectory } from "@qrfactory/processes/temp";

const folder = fileURLToPath(new URL("..", import.meta.url));
const startMsMax = 90_000;
const testMsMax = 120_000;
const temp = makeTempDirectory();
const stackFolder = join(temp.path, "stack");
let python: string;
let launcher: StartedProcess;

/** Debian's, for which its packages are, or whichever has httpx. */
function findPython(): string {
  const found = ["/usr/bin/python3", "python3"].find(
    (name) => spawnSync(name, ["-c", "import httpx, build, wheel, setuptools"]).status === 0,
  );
  if (found === undefined) throw new Error("No Python with httpx, build, wheel and setuptools was found.");
  return found;
}

/** Runs Python and gives its exit code and what it said. */
function run(args: string[], env: Record<string, string> = {}, cwd = folder) {
  // Compiled modules beside the sources would be of no use to anybody.
  const variables = { ...process.env, NODE_OPTIONS: "", PYTHONDONTWRITEBYTECODE: "1", ...env };
  const child = spawn(python, args, { cwd, env: variables, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  }
  return new Promise<{ code: number | null; said: string }>((resolve, reject) => {
    child.once("error", reject).once("close", (code) => resolve({ code, said }));
  });
}

beforeAll(async () => {
  python = findPython();
  const args = ["--port", String(await freePort())];
  launcher = await launch({ dataDirectory: stackFolder, timeoutMs: startMsMax, args });
}, startMsMax + 10_000);

afterAll(async () => {
  await launcher?.stop("SIGTERM", 20_000);
  temp.remove();
}, 30_000);

test.each(["retry", "answers", "webhook", "stack", "examples"])(
  "tests/test_%s.py passes",
  async (name) => {
    const env = { PYTHONPATH: join(folder, "src"), QRFACTORY_STACK: join(stackFolder, "stack.json") };
    const { code, said } = await run(["-W", "error::DeprecationWarning", "-m", "unittest", `tests.test_${name}`], env);
    expect(code === 0 ? "" : said).toBe("");
    expect(said).toMatch(/^Ran [1-9]\d* tests/m);
  },
  testMsMax,
);

test(
  "a wheel is built without a network, and works in an empty directory",
  async () => {
    const [source, wheels, site] = ["source", "wheels", "site"].map((name) => join(temp.path, name)) as [
      string,
      string,
      string,
    ];
    mkdirSync(site);
    // In a copy, since setuptools leaves its notes beside the sources.
    const copy =
      "import shutil, sys; shutil.copytree(sys.argv[1], sys.argv[2], ignore=shutil.ignore_patterns('node_modules', 'dist', '*.egg-info'))";
    expect((await run(["-c", copy, folder, source])).said).toBe("");
    const built = await run(["-m", "build", "--wheel", "--no-isolation", "--outdir", wheels, source]);
    expect(built.code === 0 ? "" : built.said).toBe("");
    const unpack =
      "import glob, sys, zipfile\n" +
      "wheel, = glob.glob(sys.argv[1] + '/qrfactory-*-py3-none-any.whl')\n" +
      "archive = zipfile.ZipFile(wheel)\n" +
      "archive.extractall(sys.argv[2])\n" +
      "print('\\n'.join(sorted(archive.namelist())))";
    const { said: names } = await run(["-c", unpack, wheels, site]);
    expect(names).toContain("qrfactory/py.typed");
    expect(names).toMatch(/^qrfactory-[^/]+\.dist-info\/LICENSE$/m);
    expect(names).not.toMatch(/test|\.ts$|package\.json/m);
    const use =
      "import qrfactory, importlib.metadata as m\n" +
      "with qrfactory.QRFactory(base_url='https://qr.example.com', api_key='smk_x') as qr:\n" +
      "    print(qrfactory.__file__, m.version('qrfactory'), qr.codes.create.__name__, m.requires('qrfactory'))";
    const used = await run(["-c", use], { PYTHONPATH: site }, site);
    const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string };
    expect(used.said).toContain(`${site}/qrfactory/__init__.py ${version} create `);
    // Older setuptools put brackets around it.
    expect(used.said).toMatch(/ \['httpx ?\(?>=0\.23\)?'\]\n$/);
  },
  testMsMax,
);
