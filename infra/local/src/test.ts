// Runs all tests on a PostgreSQL of their own, with a migrated template that each test file clones. Stops what it
// started however the tests end, and says in the last line how many passed and failed.
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { migrate } from "@qrfactory/db/migrate";
import { startPostgres } from "@qrfactory/processes/postgres";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { createTemplateDatabase, testPostgresVariable } from "@qrfactory/testing/database";
import { onParentEnd } from "./parent.js";
import { changedFiles, findTests } from "./tests/changed.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Every test file opens pools of its own, two files at a time. */
const connectionsMax = 300;

/**
 * For jest: files are ES modules. And each file loads everything anew, so objects die young by the hundred thousand: a
 * larger nursery than the 16 MiB of V8 saves a seventh of the time.
 */
const nodeOptions = "--experimental-vm-modules --disable-warning=ExperimentalWarning --max-semi-space-size=64";

/** Patterns of sources find what was compiled from them. */
const asCompiled = (arg: string): string =>
  arg.replace(/(?<=^|\/)src(?=\/|$)/, "dist").replace(/\.test\.ts$/, ".test.js");

/** The argument that asks for the tests which a change touches. */
const changedOption = "--changed";

const jest = join(root, "node_modules", "jest", "bin", "jest.js");
const jestConfig = join(root, "infra", "jest.config.json");

/** Paths of compiled tests from the root: all, or those that import one of the given files. */
function listTests(related?: string[]): string[] {
  const args = [jest, "-c", jestConfig, "--listTests", ...(related ? ["--findRelatedTests", ...related] : [])];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`jest could not list the tests: ${stderr.trim()}`);
  return stdout.split("\n").flatMap((path) => (path ? [relative(root, path)] : []));
}

/** Jest's arguments with `--changed` put into words; null when a change touches no test. */
function chosenArgs(args: string[]): string[] | null {
  if (!args.includes(changedOption)) return args;
  const tests = findTests({ root, changed: changedFiles(root), listTests });
  return tests.length > 0 ? [...args.filter((arg) => arg !== changedOption), "--runTestsByPath", ...tests] : null;
}

/**
 * Runs jest with these arguments and returns its exit code; `--changed` among them stands for the tests that a change
 * touches. Throws when PostgreSQL cannot be had.
 */
export async function runTests(given: string[]): Promise<number> {
  const startedAt = performance.now();
  const args = chosenArgs(given);
  if (!args) {
    console.log("No test imports, runs or names what changed.\n0 passed, 0 failed");
    return 0;
  }
  const temp = makeTempDirectory("qrfactory-test-");
  const postgres = await startPostgres({
    dataDirectory: join(temp.path, "postgres"),
    durable: false,
    connectionsMax,
    log: console.log,
  });
  let outcome: Outcome;
  try {
    await migrate(await createTemplateDatabase(postgres.url()));
    outcome = await runJest(args, { [testPostgresVariable]: postgres.url() }, join(temp.path, "results.json"));
  } finally {
    await postgres.stop();
    temp.remove();
  }
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`Tests took ${seconds} s in all.`);
  console.log(`${outcome.passed} passed, ${outcome.failed} failed`);
  return outcome.exitCode;
}

type Outcome = { exitCode: number; passed: number; failed: number };

/** The used part of jest's JSON report. */
type Report = { numPassedTests: number; numFailedTests: number; numRuntimeErrorTestSuites: number };

async function runJest(args: string[], env: Record<string, string>, reportFile: string): Promise<Outcome> {
  const child = spawn(
    process.execPath,
    [jest, "-c", jestConfig, "--json", `--outputFile=${reportFile}`, ...args.map(asCompiled)],
    {
      cwd: root,
      env: { ...process.env, ...env, NODE_OPTIONS: nodeOptions },
      // Its JSON goes to the file as well as to standard output, where nobody wants to read it.
      stdio: ["inherit", "ignore", "inherit"],
    },
  );
  // A signal to us ends the tests; then everything is stopped in order.
  const pass = (signal: NodeJS.Signals) => child.kill(signal);
  process.on("SIGINT", pass);
  process.on("SIGTERM", pass);
  onParentEnd(() => pass("SIGTERM"));
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  });
  return { exitCode, ...readReport(reportFile) };
}

/** A suite that could not even be loaded ran no test, and must not look like success. */
function readReport(file: string): { passed: number; failed: number } {
  try {
    const report: Report = JSON.parse(readFileSync(file, "utf8"));
    return { passed: report.numPassedTests, failed: report.numFailedTests + report.numRuntimeErrorTestSuites };
  } catch {
    console.error("The test runner ended without a report: count this as a failure.");
    return { passed: 0, failed: 1 };
  }
}
