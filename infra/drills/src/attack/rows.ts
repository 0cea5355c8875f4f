// Every attack there is, in the order of the table.

import { bodyRows } from "./bodies/bodies.js";
import { mutationRows } from "./bodies/mutations.js";
import { oddBodyRows } from "./bodies/odd-bodies.js";
import { oddQueryRows } from "./bodies/odd-queries.js";
import { unpackingRows } from "./bodies/unpacking.js";
import { accountRows } from "./doors/accounts.js";
import { doorRows } from "./doors/doors.js";
import { forgeryRows } from "./doors/forgeries.js";
import { strangerRows } from "./doors/strangers.js";
import { killedRows } from "./faults/killed.js";
import { partsKilledRows } from "./faults/parts-killed.js";
import { powerCutRows } from "./faults/power-cut.js";
import { scansKeptRows } from "./faults/scans-kept.js";
import { stormRows } from "./faults/storms.js";
import { traceRows } from "./faults/traces.js";
import { cacheRows } from "./gateway/cache.js";
import { headerRows } from "./gateway/headers.js";
import { limitRows } from "./gateway/limits.js";
import { smugglingRows } from "./gateway/smuggling.js";
import { addressRows } from "./pictures/addresses.js";
import { pictureRows } from "./pictures/pictures.js";
import { silentHostRows } from "./pictures/silent-host.js";
import type { Row } from "./row.js";

/** Attacks in the order of the table. */
export const rows: readonly Row[] = [
  ...[...bodyRows, ...unpackingRows, ...headerRows, ...pictureRows, ...silentHostRows, ...limitRows],
  ...[...powerCutRows, ...killedRows, ...partsKilledRows, ...scansKeptRows, ...accountRows],
  ...[...cacheRows, ...oddQueryRows, ...oddBodyRows, ...traceRows, ...doorRows],
  ...[...smugglingRows, ...mutationRows, ...addressRows, ...forgeryRows, ...stormRows, ...strangerRows],
];
