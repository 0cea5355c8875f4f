// A process that appends from many callers until it is killed: `crash-writer.fixture.js DIRECTORY FILE ROUND`.
// Each caller writes every record that was acknowledged to it into FILE.
import { openSync, writeSync } from "node:fs";
import { openSpool } from "./spool.js";

const [directory, acknowledged, round] = process.argv.slice(2) as [string, string, string];
const spool = openSpool({ directory, segmentBytesMax: 100_000 });
const out = openSync(acknowledged, "a");

/** Records of one caller: a test that is slow to kill finds a spool that it can still read in a moment. */
const recordsMax = 1_000;

async function caller(name: number): Promise<void> {
  for (let n = 1; n <= recordsMax; n++) {
    const record = JSON.stringify({ round, name, n, filler: "x".repeat((n * 37) % 400) });
    await spool.append(record);
    writeSync(out, `${record}\n`);
  }
}

// Keeps the process alive after its last record.
setInterval(() => {}, 60_000);
console.log("appending");
for (let name = 0; name < 20; name++) void caller(name);
