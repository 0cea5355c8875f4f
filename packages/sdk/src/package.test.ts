// What is published: packed as npm packs it, judged by those who know, and run where it is meant to run.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { freePort } from "@qrfactory/processes/ports";
import { startProcess } from "@qrfactory/processes/process";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { startBrowser } from "@qrfactory/testing/browser";
import { build } from "esbuild";
import { type Answer, breakOff, closeServers, json, problem, serve } from "./http/unreliable.fixture.js";
import { signedImageUrl } from "./signed-url.js";
import { signWebhook } from "./webhook.fixture.js";

const folder = fileURLToPath(new URL("..", import.meta.url));
const require = createRequire(import.meta.url);
const temp = makeTempDirectory();
const staged = join(temp.path, "staged");
const installed = join(temp.path, "node_modules", "qrfactory");
let tarball: string;

/** A page that shows one code does not want to wait for its client. */
const gzipBytesMax = 8_192;

const run = (command: string, args: string[], cwd = temp.path) =>
  execFileSync(command, args, { cwd, encoding: "utf8", env: { ...process.env, NODE_OPTIONS: "" } });

beforeAll(() => {
  run(process.execPath, ["build.mjs", staged], folder);
  const [packed] = JSON.parse(run("npm", ["pack", "--json", staged])) as { filename: string }[];
  tarball = join(temp.path, packed?.filename ?? "");
  mkdirSync(installed, { recursive: true });
  run("tar", ["-xzf", tarball, "--strip-components=1", "-C", installed]);
});
afterEach(closeServers);
afterAll(() => temp.remove());

test("publint has nothing to say", () => {
  const script =
    'import { publint } from "publint"; import { readFileSync } from "node:fs";\n' +
    "const bytes = readFileSync(process.argv[1]);\n" +
    "const { messages } = await publint({ pack: { tarball: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) }, strict: true });\n" +
    "console.log(JSON.stringify(messages));";
  expect(JSON.parse(run(process.execPath, ["--input-type=module", "-e", script, tarball], folder))).toEqual([]);
});

test("its types are found right by every way of resolving them", () => {
  const script =
    'import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";\n' +
    'import { readFileSync } from "node:fs";\n' +
    "const { types, problems } = await checkPackage(createPackageFromTarballData(new Uint8Array(readFileSync(process.argv[1]))));\n" +
    "console.log(JSON.stringify({ kind: types && types.kind, problems }));";
  const told = JSON.parse(run(process.execPath, ["--input-type=module", "-e", script, tarball], folder));
  expect(told).toEqual({ kind: "included", problems: [] });
});

test("it holds no test, no source map, no dependency", () => {
  const names = run("tar", ["-tzf", tarball]).trim().split("\n");
  expect(names.filter((name) => /test|fixture|\.map$|node_modules/.test(name))).toEqual([]);
  expect(names).toEqual(expect.arrayContaining(["package/README.md", "package/LICENSE", "package/esm/index.js"]));
  const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  for (const name of ["private", "dependencies", "devDependencies", "scripts"]) expect(manifest[name]).toBeUndefined();
});

test.each(["esm", "cjs"])("%s imports nothing, and its types name nothing of Node.js", (kind) => {
  const code = readFileSync(join(installed, kind, "index.js"), "utf8");
  expect(code).not.toMatch(/node:|\brequire\(|^import /m);
  const imported = readFileSync(join(installed, kind, "react.js"), "utf8").matchAll(/(?:require\(|from )"([^"]+)"/g);
  expect([...new Set([...imported].map(([, name]) => name))]).toEqual(["react"]);
  for (const name of run("tar", ["-tzf", tarball]).match(/package\/esm\/.*\.d\.ts/g) ?? []) {
    expect(readFileSync(join(installed, name.slice("package/".length)), "utf8")).not.toMatch(/node:|types="node"/);
  }
});

test("import and require give the same names", () => {
  writeFileSync(
    join(temp.path, "a.mjs"),
    'import * as all from "qrfactory"; console.log(Object.keys(all).sort().join())',
  );
  writeFileSync(join(temp.path, "a.cjs"), 'console.log(Object.keys(require("qrfactory")).sort().join())');
  const [imported, required] = ["a.mjs", "a.cjs"].map((name) => run(process.execPath, [name]).trim());
  expect(imported).toContain("QRFactory");
  expect(required).toBe(imported);
});

test("types are strict ones, for a program of modules and one of require", () => {
  const program = `
    import { QRFactory, type Code, NotFoundError } from "qrfactory";
    const qr = new QRFactory({ baseUrl: "https://qr.example.com", apiKey: "smk_x" });
    export async function names(): Promise<string[]> {
      const found: Code[] = [];
      for await (const code of qr.codes.list({ status: "active" })) found.push(code);
      const { data, response } = await qr.codes.get("A").withResponse();
      // @ts-expect-error: a format that is none
      await qr.generate({ data: "x", format: "gif" }).catch((error: unknown) => error instanceof NotFoundError);
      return [data.name, response.url, ...found.map(({ name }) => name)];
    }`;
  writeFileSync(join(temp.path, "use.mts"), program);
  writeFileSync(join(temp.path, "use.cts"), program);
  const flags = ["--noEmit", "--strict", "--module", "nodenext", "--lib", "ES2023,DOM", "--types", ""];
  const tsc = join(folder, "..", "..", "node_modules", ".bin", "tsc");
  expect(run(tsc, [...flags, "use.mts", "use.cts"])).toBe("");
});

const guides = ["README.md", "../docs/sdk-typescript.md"];

test.each(guides)("every example of %s compiles", (name) => {
  const guide = readFileSync(join(folder, name), "utf8");
  const blocks = [...guide.matchAll(/^```tsx?\n([\s\S]*?)^```/gm)].map(([, block]) => block as string);
  expect(blocks.length).toBeGreaterThan(2);
  const imports = blocks.flatMap((block) => block.match(/^import .*;$/gm) ?? []);
  const body = blocks.map((block) => block.replace(/^import .*;$/gm, "")).join("\n");
  writeFileSync(join(temp.path, "package.json"), '{ "type": "module" }');
  for (const needed of ["react", "@types"]) {
    const link = join(temp.path, "node_modules", needed);
    if (!existsSync(link)) symlinkSync(join(folder, "node_modules", needed), link);
  }
  writeFileSync(join(temp.path, "guide.tsx"), [...new Set(imports), body].join("\n"));
  const types = join(folder, "node_modules", "@types");
  const flags = [
    "--noEmit",
    "--strict",
    "--module",
    "nodenext",
    "--target",
    "es2023",
    "--jsx",
    "react-jsx",
    "--types",
    "node",
    "--typeRoots",
    types,
  ];
  const tsc = join(folder, "..", "..", "node_modules", ".bin", "tsc");
  expect(run(tsc, [...flags, "guide.tsx"])).toBe("");
});

test("the main entry is small: its minified bundle is at most 8 kB of gzip", async () => {
  const { outputFiles } = await build({
    entryPoints: [join(installed, "esm", "index.js")],
    ...{ bundle: true, minify: true, write: false, format: "esm", platform: "browser", target: "es2022" },
  });
  const bytes = outputFiles[0]?.contents ?? new Uint8Array();
  const gzipBytes = gzipSync(bytes, { level: 9 }).length;
  console.log(`qrfactory: ${bytes.length} bytes minified, ${gzipBytes} of gzip`);
  expect(gzipBytes).toBeLessThanOrEqual(gzipBytesMax);
});

const png = Buffer.from([1, 2, 3, 4]);
const order = { id: "order-1", status: "completed", finished_at: "2026-11-28T00:00:00Z" };

/** As much of the service as the worker asks for; the first answer breaks off. */
const answers: Record<string, Answer> = {
  "/api/v1/generate/": (res) =>
    void res.writeHead(200, { "Content-Type": "image/png", "X-QR-Scan-Score": "98" }).end(png),
  "/api/v1/dynamic/": json({
    count: 2,
    next: "https://other.example/api/v1/dynamic/?cursor=2",
    results: [{ name: "one" }],
  }),
  "/api/v1/dynamic/?cursor=2": json({ count: 2, next: null, results: [{ name: "two" }] }),
  "/api/v1/dynamic/NONE/": problem(404, "not_found"),
  "/api/v1/analytics/live/": (res) =>
    void res
      .writeHead(200, { "Content-Type": "text/event-stream" })
      .write(': hello\n\nevent: scans\ndata: {"scans":3}\n\n'),
  "/api/v1/generate/bulk/": json(order, 202),
  "/api/v1/bulk/order-1/download/": (res) => void res.writeHead(200, { "Content-Type": "application/zip" }).end("zip"),
};

/** A fixture with all that it imports, as a bundler for browsers makes it: any module of Node.js is an error. */
async function bundle(name: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`../dist/${name}`, import.meta.url))],
    ...{ bundle: true, write: false, format: "esm", platform: "browser", target: "es2022" },
  });
  return outputFiles[0]?.text ?? "";
}

/** What the scene of the fixtures tells, where everything works. */
async function expectedOf(baseUrl: string) {
  const signing = { apiKey: "smk_0123456789", signingSecret: "sms_x", expiresAt: 2_000_000_000 };
  return {
    image: [...png],
    score: 98,
    names: ["one", "two"],
    missing: true,
    event: { scans: 3 },
    file: "zip",
    signed: await signedImageUrl({ data: "https://example.com" }, { baseUrl, ...signing }),
    webhook: { type: "bulk.completed" },
  };
}

test("it works in a browser, on the origin of the service", async () => {
  const script = await bundle("browser-page.fixture.js");
  const pages: Record<string, [type: string, body: string]> = {
    "/": ["text/html", '<!doctype html><script type="module" src="/page.js"></script>'],
    "/page.js": ["text/javascript", script],
  };
  let isBroken = false;
  const service = await serve((res, seen) => {
    const [type, body] = pages[seen.path] ?? [];
    if (type) return void res.writeHead(200, { "Content-Type": type }).end(body);
    if (isBroken || seen.path !== "/api/v1/generate/")
      return (answers[seen.path] ?? problem(404, "not_found"))(res, seen);
    isBroken = true;
    return breakOff()(res, seen);
  });
  const browser = await startBrowser();
  try {
    const page = await browser.newPage();
    await page.goto(service.url);
    await page.waitForFunction("globalThis.actAll !== undefined");
    const webhook = JSON.stringify(signWebhook({ type: "bulk.completed" }));
    expect(await page.evaluate(`actAll(${JSON.stringify(webhook)})`)).toEqual(await expectedOf(service.url));
    expect(service.seen.filter(({ path }) => path === "/api/v1/generate/")).toHaveLength(2);
  } finally {
    await browser.close();
  }
}, 120_000);

test("it works in workerd, the runtime of Cloudflare Workers", async () => {
  const service = await serve(breakOff(), (res, seen) => (answers[seen.path] ?? problem(404, "not_found"))(res, seen));
  writeFileSync(join(temp.path, "worker.js"), await bundle("worker.fixture.js"));
  const webhook = signWebhook({ type: "bulk.completed" });
  const text = (value: string) => JSON.stringify(value);
  const port = await freePort();
  const config = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "internet", network = (allow = ["public", "private", "local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.js")],
  compatibilityDate = "2026-01-01",
  bindings = [
    (name = "SERVICE", text = ${text(service.url)}),
    (name = "WEBHOOK", text = ${text(JSON.stringify(webhook))}),
  ],
);
`;
  writeFileSync(join(temp.path, "config.capnp"), config);
  const command = (require("workerd") as { default: string }).default;
  const workerd = await startProcess({
    command,
    args: ["serve", join(temp.path, "config.capnp")],
    env: { ...process.env, NODE_OPTIONS: "" },
    leashed: true,
  });
  try {
    const answer = await until(() => fetch(`http://127.0.0.1:${port}/`), { timeoutMs: 20_000, what: "workerd" });
    const told = await answer.text();
    expect(answer.status === 200 ? "" : told).toBe("");
    expect(JSON.parse(told)).toEqual(await expectedOf(service.url));
    // The broken answer was asked for once more, and the key went nowhere else.
    expect(service.seen.filter(({ path }) => path === "/api/v1/generate/")).toHaveLength(2);
  } finally {
    await workerd.stop();
  }
});
