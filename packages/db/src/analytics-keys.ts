// Scans by value: the countries, devices and so on of a report, the most frequent first.
import type { ReportPlan } from "./analytics-plan.js";
import type { Reader } from "./analytics-store.js";
import {
  countByDimension,
  laterDimensions,
  type ScanDimension,
  scanDimensions,
  unknownKey,
} from "./scan-dimensions.js";
import { Parameters, rowsIn, type ScanScope, summariesIn } from "./scan-scope.js";

export type KeyCount = { key: string; scans: number };

/** The `top` most frequent values of each dimension; ties by the value. What machines made is counted with `includeBots`. */
export async function countByKey(
  reader: Reader,
  scope: ScanScope,
  { subjectId, byKey }: ReportPlan,
  { includeBots, top }: { includeBots: boolean; top: number },
): Promise<Record<ScanDimension, KeyCount[]>> {
  const parameters = new Parameters();
  const sources: string[] = [];
  if (byKey.summaries.length > 0) {
    sources.push(`
      SELECT unnest(s.dimensions) AS dimension, unnest(s.keys) AS key, unnest(s.key_scans) AS scans,
        unnest(s.key_bots) AS bots
      FROM ${summariesIn(subjectId, byKey.summaries, parameters)}`);
    sources.push(`
      SELECT later.dimension, '${unknownKey}', s.scans, s.bots
      FROM ${summariesIn(subjectId, byKey.summaries, parameters)}
        JOIN unnest(ARRAY[${laterDimensions}]::smallint[]) AS later(dimension) ON later.dimension <> ALL(s.dimensions)`);
  }
  if (byKey.rows.length > 0) {
    sources.push(`
      SELECT * FROM (${countByDimension(`${rowsIn(scope, byKey.rows, parameters)} AS found`)}) AS counted`);
  }
  const { bot_class: classes } = scanDimensions;
  const { rows } = await reader.query<{ dimension: number; key: string; scans: number }>({
    text: `
      WITH counted AS (
        SELECT dimension, key,
          sum(CASE WHEN dimension = ${classes.number} THEN bots ELSE scans ${includeBots ? "+ bots" : ""} END)::float8 AS scans
        FROM (${sources.join(" UNION ALL ")}) AS sources GROUP BY dimension, key
      )
      SELECT dimension, key, scans FROM (
        SELECT *, row_number() OVER (PARTITION BY dimension ORDER BY scans DESC, key) AS place
        FROM counted WHERE scans > 0) AS ranked
      WHERE place <= ${parameters.add(top)} ORDER BY dimension, place`,
    values: parameters.values,
  });
  const keysOf = (number: number) =>
    rows.filter(({ dimension }) => dimension === number).map(({ key, scans }) => ({ key, scans }));
  return Object.fromEntries(
    Object.entries(scanDimensions).map(([name, { number }]) => [name, keysOf(number)]),
  ) as Record<ScanDimension, KeyCount[]>;
}
