// A process that appends from many callers without end and is killed: `crash-writer.fixture.js DIRECTORY FILE ROUND`.
// Each caller writes every record that was acknowledged to it into FILE.
import { openSync, writeSync } from "node:fs";
import { openSpool } from "./spool.js";

const [directory, acknowledged, round] = process.argv.slice(2) as [string, string, string];
const spool = openSpool({ directory, segmentBytesMax: 100_000 });
const out = openSync(acknowledged, "a");

async function caller(name: number): Promise<void> {
  for (let n = 1; ; n++) {
    const record = JSON.stringify({ round, name, n, filler: "x".repeat((n * 37) % 400) });
    await spool.append(record);
    writeSync(out, `${record}\n`);
  }
}

console.log("appending");
for (let name = 0; name < 20; name++) void caller(name);
