// Every attack there is, in the order of the table.
import { bodyRows } from "./bodies.js";
import { headerRows } from "./headers.js";
import { killedRows } from "./killed.js";
import { limitRows } from "./limits.js";
import { pictureRows } from "./pictures.js";
import { powerCutRows } from "./power-cut.js";
import type { Row } from "./row.js";
import { unpackingRows } from "./unpacking.js";

export const rows: readonly Row[] = [
  ...bodyRows,
  ...unpackingRows,
  ...headerRows,
  ...pictureRows,
  ...limitRows,
  ...powerCutRows,
  ...killedRows,
];
