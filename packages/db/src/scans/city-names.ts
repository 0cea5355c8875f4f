// Cities and districts of scans in SQL. Rows and summaries of before have both in the name of the city, and are read as
// if they were taken in today: nothing is rewritten, and what older workers still write is read alike.
import { namesInBrackets } from "@qrfactory/domain/cities";

/** The bracketed part of a city that has one in its name. */
const ownNames = `ARRAY[${namesInBrackets.map((name) => `'${name}'`).join(", ")}]`;

/**
 * `cityOf` of an expression, as domain/cities has it. By parts of the text: regular expressions take seven times as
 * long, which over a million rows of before is the difference between an answer and none.
 */
export function cityOfName(name: string): string {
  const inBrackets = `split_part(${name}, ' (', 2)`;
  const own = `split_part(${inBrackets}, ')', 1)`;
  return `
  CASE WHEN strpos(${name}, ' (') <= 1 THEN ${name}
    WHEN ${own} = ANY(${ownNames}) AND strpos(${inBrackets}, ')') > 0
      THEN split_part(${name}, ' (', 1) || ' (' || ${own} || ')'
    ELSE split_part(${name}, ' (', 1) END`;
}

/** The district in an expression, by its whole name: that of the city where it has one. */
export const districtOfName = (name: string) => `nullif(${name}, ${cityOfName(name)})`;

/** The city of a row, whose columns are named with a prefix such as `s.`. In rows of before `district` is null. */
export const cityOfRow = (prefix: string) =>
  `CASE WHEN ${prefix}district IS NULL THEN ${cityOfName(`${prefix}city`)} ELSE ${prefix}city END`;

/** The district of a row; null where none is known. */
export const districtOfRow = (prefix: string) =>
  `CASE WHEN ${prefix}district IS NULL THEN ${districtOfName(`${prefix}city`)} ELSE nullif(${prefix}district, '') END`;
