// Every attack there is, in the order of the table.
import { accountRows } from "./accounts.js";
import { addressRows } from "./addresses.js";
import { bodyRows } from "./bodies.js";
import { cacheRows } from "./cache.js";
import { doorRows } from "./doors.js";
import { forgeryRows } from "./forgeries.js";
import { headerRows } from "./headers.js";
import { killedRows } from "./killed.js";
import { limitRows } from "./limits.js";
import { mutationRows } from "./mutations.js";
import { oddBodyRows } from "./odd-bodies.js";
import { oddQueryRows } from "./odd-queries.js";
import { pictureRows } from "./pictures.js";
import { powerCutRows } from "./power-cut.js";
import type { Row } from "./row.js";
import { scansKeptRows } from "./scans-kept.js";
import { silentHostRows } from "./silent-host.js";
import { smugglingRows } from "./smuggling.js";
import { stormRows } from "./storms.js";
import { strangerRows } from "./strangers.js";
import { traceRows } from "./traces.js";
import { unpackingRows } from "./unpacking.js";

export const rows: readonly Row[] = [
  ...[...bodyRows, ...unpackingRows, ...headerRows, ...pictureRows, ...silentHostRows, ...limitRows],
  ...[...powerCutRows, ...killedRows, ...scansKeptRows, ...accountRows],
  ...[...cacheRows, ...oddQueryRows, ...oddBodyRows, ...traceRows, ...doorRows],
  ...[...smugglingRows, ...mutationRows, ...addressRows, ...forgeryRows, ...stormRows, ...strangerRows],
];
