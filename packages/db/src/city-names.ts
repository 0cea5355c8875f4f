// Cities and districts of scans in SQL. Rows and summaries of before have both in the name of the city, and are read as if
// they were taken in today: nothing is rewritten, and what older workers still write is read alike.
import { namesInBrackets } from "@qrfactory/domain/cities";

/** What comes before the first ` (`, as `cityOf` in domain/cities finds it. */
const before = String.raw`(?:(?! \().)+`;
const withOwnName = String.raw`^(${before} \((?:${namesInBrackets.join("|")})\))`;

/** `cityOf` of an expression. */
export const cityOfName = (name: string) => String.raw`
  CASE WHEN ${name} NOT LIKE '% (%' THEN ${name}
    ELSE coalesce(substring(${name} from '${withOwnName}'), substring(${name} from '^(${before}) \('), ${name}) END`;

/** The district in an expression, by its whole name: that of the city where it has one. */
export const districtOfName = (name: string) => `nullif(${name}, ${cityOfName(name)})`;

/** The city of a row, whose columns are named with a prefix such as `s.`. In rows of before `district` is null. */
export const cityOfRow = (prefix: string) =>
  `CASE WHEN ${prefix}district IS NULL THEN ${cityOfName(`${prefix}city`)} ELSE ${prefix}city END`;

/** The district of a row; null where none is known. */
export const districtOfRow = (prefix: string) =>
  `CASE WHEN ${prefix}district IS NULL THEN ${districtOfName(`${prefix}city`)} ELSE nullif(${prefix}district, '') END`;
