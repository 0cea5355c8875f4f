// Loaded into a service before anything else (`node --import`): notes how long each turn of its event loop kept the
// processor, in processor time, so that a busy machine does not count. Lines of milliseconds go to a file of the
// process in the folder that LOOP_HOLDS names.
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isMainThread, Worker, workerData } from "node:worker_threads";

/** Shorter turns are ordinary life. */
const notedMsMin = 10;
/** How often the turn is looked at. */
const lookMs = 2;

const folder = process.env.LOOP_HOLDS;

if (isMainThread && folder) {
  const file = join(folder, String(process.pid));
  const beats = new Int32Array(new SharedArrayBuffer(4));
  setInterval(() => void Atomics.add(beats, 0, 1), 1).unref();
  new Worker(new URL(import.meta.url), { workerData: { beats, file }, execArgv: [] }).unref();
} else if (workerData?.beats) {
  watch(workerData as { beats: Int32Array; file: string });
}

/** Processor time of the main thread in milliseconds (proc(5), schedstat): its id is that of the process. */
function mainThreadMs(): number {
  return Number(readFileSync(`/proc/${process.pid}/task/${process.pid}/schedstat`, "utf8").split(" ")[0]) / 1e6;
}

function watch({ beats, file: path }: { beats: Int32Array; file: string }): never {
  const never = new Int32Array(new SharedArrayBuffer(4));
  let beat = -1;
  let beganAtMs = 0;
  let heldMs = 0;
  for (;;) {
    Atomics.wait(never, 0, 0, lookMs);
    const nowMs = mainThreadMs();
    const nextBeat = Atomics.load(beats, 0);
    if (nextBeat !== beat) {
      if (heldMs >= notedMsMin) appendFileSync(path, `${heldMs.toFixed(1)}\n`);
      beat = nextBeat;
      beganAtMs = nowMs;
    }
    heldMs = nowMs - beganAtMs;
  }
}
