// `qrfactory-admin orphans`: ids that are scanned and lead nowhere, whosever they were or were meant to be.
import { listOrphans } from "@qrfactory/state/orphans";
import { type Command, exitDone, UsageError } from "./command.js";

const daysDefault = 30;
const shownMax = 100;

/** `orphans` */
export const orphansCommand: Command = {
  synopsis: "[--days N]",
  help: `shows the ${shownMax} unknown or deleted ids that were scanned most, ${daysDefault} days back unless told`,
  options: { days: { type: "string" } },
  async run({ stateRedis, print }, _operands, { days = String(daysDefault) }) {
    if (!/^[1-9]\d?$/.test(String(days))) throw new UsageError("--days takes a number from 1 to 60.");
    const orphans = await listOrphans(await stateRedis(), Number(days));
    for (const { shortId, scans, lastDay } of orphans.slice(0, shownMax)) print([shortId, scans, lastDay].join("\t"));
    print(`${orphans.length} ids`);
    return exitDone;
  },
};
