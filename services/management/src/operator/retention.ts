// `qrfactory-admin retention`: what is kept no longer, now instead of within the hour, or only shown.
import { type Removal, runRetention } from "@qrfactory/db/scans/retention/retention";
import { type Command, exitDone, exitFailed } from "./command.js";

/** `retention` */
export const retentionCommand: Command = {
  synopsis: "[--dry-run] [--accept-clock]",
  help:
    "removes what is kept no longer; --dry-run shows it (table, partition or rows, bytes), " +
    "--accept-clock after a pause " +
    "that is longer than a clock is trusted for",
  options: { "dry-run": { type: "boolean" }, "accept-clock": { type: "boolean" } },
  async run({ databaseUrl, print }, _operands, values) {
    const isDryRun = values["dry-run"] === true;
    const report = await runRetention(databaseUrl, { isDryRun, acceptsPause: values["accept-clock"] === true });
    if (report.outcome === "refused") {
      print(report.reason);
      return exitFailed;
    }
    if (report.outcome === "busy") print("A run is under way; it does all of this.");
    else for (const removal of report.removed) print(lineOf(removal));
    return exitDone;
  },
};

const lineOf = ({ table, partition, rows, bytes }: Removal) =>
  [table, partition ?? "-", rows === null ? "all rows" : `${rows} rows`, bytes === null ? "-" : `${bytes} bytes`].join(
    "\t",
  );
