import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "@jest/globals";
import { isRunning } from "@qrfactory/processes/proc";
import { startScript } from "@qrfactory/processes/process";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { makeSupervisor, type ProcessSpec, restartPauseMs, type Supervisor } from "./supervisor.js";

const temp = makeTempDirectory();
const said: string[] = [];
const loops: string[] = [];
let supervisor: Supervisor;

afterEach(async () => {
  await supervisor.killAll();
  said.length = 0;
  loops.length = 0;
});
afterAll(() => temp.remove());

const patient = script("patient.mjs", `console.log("up"); setInterval(() => {}, 1000);`);
const fragile = script(
  "fragile.mjs",
  `console.error("Error: no such table"); console.error("    at x.js:1"); process.exit(3);`,
);

function script(name: string, source: string): string {
  const file = join(temp.path, name);
  writeFileSync(file, source);
  return file;
}

function create(onChange = () => {}): Supervisor {
  const onLoop = (why: Error) => void loops.push(why.message);
  supervisor = makeSupervisor({ say: (sentence) => said.push(sentence), onChange, onLoop });
  return supervisor;
}

function spec(file: string, changes: Partial<ProcessSpec> = {}): ProcessSpec {
  return {
    name: "render",
    role: "render",
    restartDelayMs: 0,
    start: async () => {
      const child = await startScript(file, { logFile: join(temp.path, "log") });
      return { ...child, stop: () => child.stop() };
    },
    ...changes,
  };
}

test("a process that is killed is back without a pause, under a new id that is made known", async () => {
  let changes = 0;
  const running = create(() => {
    changes += 1;
  });
  await running.run(spec(patient));
  const [first = 0] = running.pids().render;
  process.kill(first, "SIGKILL");
  const [second = 0] = await until(() => running.pids().render.some((pid) => pid !== first) && running.pids().render);
  expect(restartPauseMs(1, 0)).toBe(0);
  expect(isRunning(second)).toBe(true);
  expect(said.join("\n")).toMatch(/render \(process \d+\) was ended by SIGKILL/);
  expect(changes).toBe(3);
});

test("what is restarted is back under a new id, without an obituary, and nothing else is touched", async () => {
  const running = create();
  await running.run(spec(patient));
  await running.run(spec(patient, { name: "worker", role: "worker" }));
  const before = running.pids();
  await running.restart(["render"]);
  await until(() => running.pids().render.length === 1 && running.pids().render[0] !== before.render[0]);
  expect(running.pids().worker).toEqual(before.worker);
  expect(said.join("\n")).toMatch(/^render was started again \(process \d+\)\.$/);
});

test("its last words are told without the noise of a stack", async () => {
  await create().run(spec(fragile));
  const line = await until(() => said.find((sentence) => sentence.includes("code 3")));
  expect(line).toContain("Error: no such table");
  expect(line).not.toContain("x.js");
});

test("one that keeps ending is tried less and less often, and this is reported", async () => {
  await create().run(spec(fragile));
  expect(await until(() => loops[0])).toBe("render keeps ending.");
  const pauses = [1, 2, 3, 4, 5, 6, 7, 20].map((failures) => restartPauseMs(failures, 0));
  expect(pauses).toEqual([0, 250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
});

test("one that could not be started again is tried again", async () => {
  let starts = 0;
  const start = async () => {
    starts += 1;
    if (starts === 2) throw new Error("the disk is full");
    return spec(patient).start();
  };
  const running = create();
  await running.run(spec(patient, { start }));
  process.kill(running.pids().render[0] ?? 0, "SIGKILL");
  await until(() => starts === 3 && running.pids().render.length === 1);
  expect(said.join("\n")).toContain("could not be started: the disk is full");
});

test("a first start that fails is the caller's to know", async () => {
  const start = () => Promise.reject(new Error("no such program"));
  await expect(create().run(spec(patient, { start }))).rejects.toThrow("no such program");
});

test("what is stopped stays stopped, and only the roles that were named", async () => {
  const running = create();
  await running.run(spec(patient));
  await running.run(spec(patient, { name: "worker", role: "worker" }));
  const [render = 0, worker = 0] = [...running.pids().render, ...running.pids().worker];
  await running.stop(["render"]);
  expect([render, worker].map(isRunning)).toEqual([false, true]);
  expect(running.pids().render).toEqual([]);
  expect(said).toEqual([]);
});

test("a stop while a process waits to be started again starts nothing", async () => {
  const running = create();
  await running.run(spec(patient, { restartDelayMs: 60_000 }));
  process.kill(running.pids().render[0] ?? 0, "SIGKILL");
  await until(() => said.length === 1);
  await running.stop(["render"]);
  expect(running.pids().render).toEqual([]);
});

test("after a stop nothing is started any more, not even by a start that was under way", async () => {
  const running = create();
  const late = running.run(spec(patient));
  await Promise.all([late, running.killAll()]);
  expect(running.pids().render.filter(isRunning)).toEqual([]);
  await expect(running.run(spec(patient))).rejects.toThrow(/Stopping/);
});
