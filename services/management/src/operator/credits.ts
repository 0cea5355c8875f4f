// `qrfactory-admin credits check`: every counter of credits beside the ledger.
import { checkCredits, sinceLastMonth } from "../usage/credit-check.js";
import { type Command, exitDone, exitFailed } from "./command.js";

/** `credits check` */
export const creditsCheckCommand: Command = {
  synopsis: "[--repair] [--settled]",
  help:
    "compares counters of credits with the ledger; --repair raises those below it, with --settled (no call is on its " +
    "way: every spool of render is empty) it lowers those above it, too",
  options: { repair: { type: "boolean" }, settled: { type: "boolean" } },
  async run({ db, stateRedis, print }, _operands, { repair = false, settled = false }) {
    const report = await checkCredits({
      db,
      redis: await stateRedis(),
      since: sinceLastMonth(),
      repair: repair === true,
      isSettled: settled === true,
      onDifference: ({ workspaceId, month, counter, renders, difference }) =>
        print([workspaceId, month, `counter ${counter}`, `ledger ${renders}`, difference].join("\t")),
    });
    const { compared, below, above, repaired } = report;
    print(`${compared} counters: ${below} credits below the ledger, ${above} above it, ${repaired} counters repaired`);
    return repair || (below === 0 && above === 0) ? exitDone : exitFailed;
  },
};
