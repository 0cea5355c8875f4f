import { expect, test } from "@jest/globals";
import { type BulkDrill, runBulkDrill } from "./drill.js";
import { workerKilledOnce } from "./drills.js";

/** Outages of render, more kills and full disks are for `npm run drills`. */
const faultMs = 1_000;
/** The fault comes with the first image. */
const rows = 30;

const promises: [string, BulkDrill][] = [
  ["a worker that is killed in mid-order costs no image and no second credit", workerKilledOnce],
];

test.each(promises)(
  "%s",
  async (_name, drill) => {
    const { credits } = await runBulkDrill(drill, { faultMs, rows });
    expect(credits).toBe(rows);
  },
  120_000,
);
