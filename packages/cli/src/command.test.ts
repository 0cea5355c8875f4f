// The built command as a process, against a real stack.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { launch } from "@qrfactory/local/stack/stack.fixture";
import { readStackFile, type StackFile } from "@qrfactory/local/stack/stack-file";
import { freePort } from "@qrfactory/processes/ports";
import type { StartedProcess } from "@qrfactory/processes/process";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { decodeOne } from "@qrfactory/testing/decode";
import pngjs from "pngjs";

const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const startMsMax = 90_000;
const temp = makeTempDirectory();
const home = join(temp.path, "home");
let launcher: StartedProcess;
let stack: StackFile;
/** All that the command has written: no secret may be in it. */
let everything = "";

beforeAll(async () => {
  mkdirSync(home);
  const dataDirectory = join(temp.path, "stack");
  launcher = await launch({ dataDirectory, timeoutMs: startMsMax, args: ["--port", String(await freePort())] });
  stack = readStackFile(join(dataDirectory, "stack.json"));
}, startMsMax + 10_000);

afterAll(async () => {
  await launcher.stop("SIGTERM", 20_000);
  temp.remove();
}, 30_000);

const environment = () => ({ PATH: process.env.PATH, HOME: home, NO_COLOR: "", NODE_OPTIONS: "" });

type Given = { input?: string; env?: Record<string, string | undefined> };

function qrfactory(args: string[], { input = "", env = {} }: Given = {}) {
  const options = { cwd: home, input, env: { ...environment(), ...env } };
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], options);
  everything += stdout.toString("latin1") + stderr.toString("latin1");
  return { status, stdout, out: stdout.toString(), err: stderr.toString() };
}

/** The document of a run that went well. */
function json(args: string[], given?: Given) {
  const { status, out, err } = qrfactory([...args, "--json"], given);
  expect([status, err]).toEqual([0, ""]);
  return JSON.parse(out);
}

const configFile = join(home, ".config", "qrfactory", "config.json");

test("without a key it says how to get one, and with a wrong one that it is refused", () => {
  expect(qrfactory(["codes", "list"])).toMatchObject({ status: 2, err: expect.stringContaining("qrfactory login") });
  const env = { QRFACTORY_BASE_URL: stack.gateway };
  expect(qrfactory(["login"], { env, input: `smk_${"x".repeat(36)}\n` })).toMatchObject({
    status: 1,
    err: expect.stringContaining("unauthenticated"),
  });
  expect(() => statSync(configFile)).toThrow();
});

test("a log-in keeps the key where nobody else reads it", () => {
  const { status, out } = qrfactory(["login", "--base-url", stack.gateway], { input: `${stack.demo.api_key}\n` });
  expect([status, out]).toEqual([0, expect.stringContaining(stack.demo.api_key.slice(0, 12))]);
  expect(statSync(configFile).mode & 0o777).toBe(0o600);
  expect(JSON.parse(readFileSync(configFile, "utf8"))).toEqual({
    base_url: stack.gateway,
    api_key: stack.demo.api_key,
  });
});

test("an image goes to a file or a pipe, in the format of its name", async () => {
  const { status, out } = qrfactory(["generate", "https://example.com", "-o", "qr.png", "--size", "300"]);
  expect([status, out]).toEqual([0, expect.stringMatching(/^qr\.png: version \d+, level [MQH], scan score \d+\n$/)]);
  expect(await decodeOne(readFileSync(join(home, "qr.png")))).toBe("https://example.com");
  const piped = qrfactory(["generate", "Just text", "--set", "quiet_zone=2"]);
  expect(await decodeOne(piped.stdout)).toBe("Just text");
  expect(json(["generate", "https://example.com", "-o", "qr.svg", "--logo", "qr.png"])).toMatchObject({
    ...{ file: "qr.svg", content_type: "image/svg+xml" },
  });
  const wifi = ["generate", "--type", "wifi", "--set", 'payload={"ssid":"Guests","password":"correct horse"}'];
  expect(await decodeOne(qrfactory(wifi).stdout)).toContain("WIFI:T:WPA;S:Guests;");
});

test("in a terminal a code is drawn so that it scans", async () => {
  const command = shellLine([process.execPath, main, "generate", "https://example.com/terminal"]);
  const { stdout } = spawnSync("script", ["-qec", command, "/dev/null"], { env: { ...environment(), TERM: "xterm" } });
  const lines = stdout
    .toString()
    .split("\r\n")
    .filter((line) => /[█▀▄]/.test(line))
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one
    .map((line) => [...line.replace(/\u001b\[[\d;]*m/g, "")]);
  const rows = lines.flatMap((line) => [
    line.map((block) => (block === "█" || block === "▀" ? 255 : 0)),
    line.map((block) => (block === "█" || block === "▄" ? 255 : 0)),
  ]);
  expect(await decodeOne(pngOf(rows))).toBe("https://example.com/terminal");
});

test("mistakes have an exit code of their own, and programs are told in JSON", () => {
  expect(qrfactory(["nonsense"])).toMatchObject({ status: 2, err: expect.stringContaining("unknown command") });
  expect(qrfactory(["generate", "x", "--format", "gif"]).status).toBe(2);
  expect(qrfactory(["apply", "missing.yaml"])).toMatchObject({ status: 2, err: expect.stringContaining("ENOENT") });
  expect(qrfactory(["generate", "https://example.com", "--color", "#eeeeee"])).toMatchObject({
    status: 1,
    err: expect.stringMatching(/unscannable, request [\w.-]+/),
  });
  const refused = qrfactory(["codes", "get", "NONE", "--json"]);
  expect([refused.status, refused.out, JSON.parse(refused.err).error]).toEqual([
    ...[1, "", expect.objectContaining({ code: "not_found", status: 404 })],
  ]);
  const away = qrfactory(["codes", "list", "--base-url", "http://127.0.0.1:9"]);
  expect([away.status, away.err]).toEqual([3, expect.stringContaining("Trying again")]);
  expect(qrfactory(["--help"]).status).toBe(0);
}, 60_000);

test("codes are made, changed, rolled back, resolved, listed and exported", async () => {
  const made = ["codes", "create", "https://example.com/summer", "--name", "Menu", "--short-id", "cli-menu"];
  expect(json([...made, "--tag", "one", "--tag", "two", "-o", "menu.png"])).toMatchObject({
    ...{ short_id: "CLI-MENU", tags: ["one", "two"] },
  });
  expect(await decodeOne(readFileSync(join(home, "menu.png")))).toMatch(/\/Q\/CLI-MENU$/);
  const set = ["codes", "set", "cli-menu", "--destination", "https://example.com/winter", 'utm={"source":"print"}'];
  expect(json(set)).toMatchObject({ version: 2, utm: { source: "print" } });
  expect(qrfactory([...set, "--if-version", "1"])).toMatchObject({ status: 1 });
  expect(json(["codes", "rollback", "cli-menu", "1"])).toMatchObject({ version: 3, utm: null });
  expect(json(["codes", "history", "cli-menu"])).toHaveLength(3);
  expect(qrfactory(["codes", "resolve", "cli-menu", "--country", "AT"]).out).toMatch(
    /^https:\/\/example\.com\/summer\n/,
  );
  expect(qrfactory(["codes", "list", "--tag", "one"]).out).toMatch(
    /^CODE .*\nCLI-MENU .*https:\/\/example\.com\/summer\n$/,
  );
  expect(qrfactory(["codes", "export", "-o", "codes.csv"]).status).toBe(0);
  expect(readFileSync(join(home, "codes.csv"), "utf8")).toContain("CLI-MENU");
  expect(qrfactory(["codes", "export", "--format", "json"]).out).toContain("/q/CLI-MENU");
  expect(qrfactory(["codes", "delete", "cli-menu"]).status).toBe(0);
  expect(json(["codes", "restore", "cli-menu"]).short_id).toBe("CLI-MENU");
});

test("a table becomes a ZIP, and one with bad rows is refused by row", () => {
  writeFileSync(join(home, "rows.csv"), "url,filename\nhttps://example.com/1,one\nhttps://example.com/2,two\n");
  expect(qrfactory(["bulk", "rows.csv", "--dry-run"]).out).toContain("2 rows, 2 credits");
  const { status, out } = qrfactory(["bulk", "rows.csv", "-o", "rows.zip", "--set", "size=200"]);
  expect([status, out]).toEqual([0, "rows.zip: 2 of 2 images\n"]);
  expect(readFileSync(join(home, "rows.zip")).subarray(0, 2).toString()).toBe("PK");
  const bad = qrfactory(["bulk", "-", "-o", "bad.zip"], { input: "url,size\nhttps://example.com,5\n" });
  expect([bad.status, bad.err]).toEqual([1, expect.stringContaining("row 1, size:")]);
}, 60_000);

/** Arguments as a shell reads them, whatever is in a path. */
const shellLine = (args: string[]) => args.map((arg) => `'${arg.replaceAll("'", "'\\''")}'`).join(" ");

/** The same in a terminal: its output, with ⎋ for the character that begins a control sequence. */
function inTerminal(args: string[], env: Record<string, string> = {}): string {
  const command = shellLine([process.execPath, main, ...args]);
  const options = { cwd: home, env: { ...environment(), TERM: "xterm", ...env } };
  const { stdout } = spawnSync("script", ["-qec", command, "/dev/null"], options);
  everything += stdout.toString("latin1");
  return stdout.toString().replaceAll("\u001b", "⎋");
}

test("in a terminal a bar shows how far an order is, and heads of tables are bold unless NO_COLOR is set", () => {
  const shown = inTerminal(["bulk", "rows.csv", "-o", "shown.zip"]);
  expect(shown).toMatch(/\r█{30} 2\/2⎋\[K/);
  expect(shown).toMatch(/\r⎋\[Kshown\.zip: 2 of 2 images\r\n$/);
  expect(inTerminal(["codes", "list"])).toMatch(/^⎋\[1mCODE /);
  expect(inTerminal(["codes", "list"], { NO_COLOR: "1" })).toMatch(/^CODE /);
}, 60_000);

test("scans are shown as they come in, and reported", async () => {
  const child = spawn(process.execPath, [main, "scans", "cli-menu", "--follow", "--json"], { env: environment() });
  let seen = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    seen += text;
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  try {
    const headers = {
      "User-Agent": "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36",
    };
    const scan = () => fetch(`${stack.gateway}/q/CLI-MENU`, { redirect: "manual", headers });
    await scan();
    await until(() => seen.split("\n").length > 1, { timeoutMs: 20_000, what: "the first scan" });
    await scan();
    await until(() => seen.split("\n").length > 2, { timeoutMs: 20_000, what: "the second scan" });
  } finally {
    child.kill("SIGINT");
  }
  expect(await ended).toBe(0);
  const ids = seen
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).id);
  expect(new Set(ids).size).toBe(2);
  expect(json(["scans", "cli-menu"])).toHaveLength(2);
  await until(() => json(["analytics", "cli-menu"]).total_scans === 2, { timeoutMs: 20_000, intervalMs: 200 });
  expect(qrfactory(["analytics", "--interval", "day"]).out).toMatch(/^2 scans by 1 visitors[\s\S]*CLI-MENU/);
}, 90_000);

test("a file of codes is planned, applied, and then nothing is left to do", () => {
  const file = (season: string, more = "") => {
    const text = `codes:
  - short_id: apply-a
    name: A
    destination_url: https://example.com/${season}
    tags: [applied]
    expires_at: 2030-01-01T00:00:00+01:00
    rules:
      - when: { country: AT }
        destination_url: https://example.at
  - short_id: APPLY-B
    name: B
    destination_url: https://example.com
    tags: [applied]
${more}`;
    writeFileSync(join(home, "codes.yaml"), text);
  };
  file("summer");
  const plan = qrfactory(["apply", "codes.yaml", "--dry-run"]);
  expect(plan.out).toMatch(/^\+ create APPLY-A\n[\s\S]*2 steps would be done, 0 codes unchanged\.\n$/);
  expect(qrfactory(["codes", "get", "apply-a"]).status).toBe(1);
  expect(json(["apply", "codes.yaml"])).toMatchObject({ applied: true, steps: [{ act: "create" }, { act: "create" }] });
  expect(qrfactory(["apply", "codes.yaml"]).out).toBe("Nothing to do: 2 codes are as they should be.\n");

  file(
    "winter",
    "  - short_id: APPLY-C\n    name: C\n    destination_url: https://example.com/c\n    tags: [applied]\n",
  );
  expect(qrfactory(["apply", "codes.yaml"]).out).toBe(
    '~ update APPLY-A\n    destination_url: "https://example.com/summer" → "https://example.com/winter"\n' +
      '+ create APPLY-C\n    name: "C"\n    destination_url: "https://example.com/c"\n    tags: ["applied"]\n' +
      "2 steps done, 1 codes unchanged.\n",
  );
  file("winter");
  expect(json(["apply", "codes.yaml", "--prune", "applied"]).steps).toEqual([
    { act: "delete", shortId: "APPLY-C", name: "C" },
  ]);
  file(
    "winter",
    "  - short_id: APPLY-C\n    name: C again\n    destination_url: https://example.com/c\n    tags: [applied]\n",
  );
  expect(json(["apply", "codes.yaml"]).steps).toMatchObject([
    { act: "restore", shortId: "APPLY-C", changes: [{ field: "name", before: "C", after: "C again" }] },
  ]);
  expect(json(["apply", "codes.yaml", "--prune", "applied"])).toMatchObject({ unchanged: 3, steps: [] });

  file("winter", "  - short_id: APPLY-D\n    password: secret\n    nmae: D\n  - name: E\n");
  const { status, err } = qrfactory(["apply", "codes.yaml"]);
  expect(status).toBe(2);
  for (const said of ["set a password by hand", "nmae is not a field", "needs a destination_url", "needs a short_id"]) {
    expect(err).toContain(said);
  }
}, 60_000);

test("keys are a person's, and their secrets go into a file alone", () => {
  const env = { QRFACTORY_PASSWORD: stack.demo.password };
  const as = ["--email", stack.demo.email];
  expect(qrfactory(["keys", "list"])).toMatchObject({ status: 2, err: expect.stringContaining("--email") });
  expect(qrfactory(["keys", ...as, "create", "Till"], { env })).toMatchObject({ status: 2 });
  const made = json(["keys", ...as, "create", "Till", "--scope", "render", "-o", "till.json"], { env });
  const kept = JSON.parse(readFileSync(join(home, "till.json"), "utf8"));
  expect(statSync(join(home, "till.json")).mode & 0o777).toBe(0o600);
  everything += JSON.stringify(made);
  expect(everything).not.toContain(kept.raw_key);
  expect(everything).not.toContain(kept.signing_secret);
  expect(qrfactory(["keys", ...as, "list"], { env }).out).toContain("Till");
  expect(qrfactory(["keys", ...as, "revoke", made.id, "--dry-run"], { env }).out).toContain("within two seconds");
  expect(json(["keys", ...as, "rotate", made.id, "-o", "till.json"], { env }).name).toBe("Till");
  const [{ id }] = json(["keys", ...as, "list"], { env }).filter(({ name }: { name: string }) => name === "Till");
  expect(qrfactory(["keys", ...as, "revoke", id], { env }).status).toBe(0);
});

test("nothing that was written holds a secret, and nothing has colour without a terminal", () => {
  for (const secret of [stack.demo.api_key, stack.demo.password, stack.demo.signing_secret]) {
    expect(everything).not.toContain(secret);
  }
  expect(qrfactory(["codes", "list"]).out).not.toContain("\u001b");
  rmSync(configFile);
  expect(qrfactory(["codes", "list"]).status).toBe(2);
});

/** A grey PNG of rows of pixels, each drawn four times as large. */
function pngOf(rows: number[][]): Buffer {
  const { PNG } = pngjs;
  const scale = 4;
  const png = new PNG({ width: (rows[0]?.length ?? 0) * scale, height: rows.length * scale });
  for (let y = 0; y < png.height; y++) {
    for (let x = 0; x < png.width; x++) {
      const grey = rows[Math.floor(y / scale)]?.[Math.floor(x / scale)] ?? 0;
      png.data.set([grey, grey, grey, 255], (y * png.width + x) * 4);
    }
  }
  return PNG.sync.write(png);
}
