// Scans by value: the countries, devices and so on of a report, the most frequent first.

import { type ScanDimension, unknownKey } from "@qrfactory/domain/reports";
import { cityOfName, districtOfName } from "../city-names.js";
import { countByDimension, scanDimensions } from "../dimensions.js";
import { Parameters, rowsIn, type ScanScope, summariesIn } from "../scope.js";
import type { Reader } from "./analytics-store.js";
import type { ReportPlan } from "./plan.js";

/** Scans with one value of a dimension. */
export type KeyCount = { key: string; scans: number };

/**
 * The `top` most frequent values of each dimension; ties by the value. Scans by machines are counted with
 * `includeBots`.
 */
export async function countByKey(
  reader: Reader,
  scope: ScanScope,
  { subjectId, byKey }: ReportPlan,
  { includeBots, top }: { includeBots: boolean; top: number },
): Promise<Record<ScanDimension, KeyCount[]>> {
  const parameters = new Parameters();
  const sources: string[] = [];
  if (byKey.summaries.length > 0) {
    sources.push(countsOfSummaries(summariesIn(subjectId, byKey.summaries, parameters)));
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
          sum(CASE WHEN dimension = ${classes.number} THEN bots
            ELSE scans ${includeBots ? "+ bots" : ""} END)::float8 AS scans
        FROM (${sources.map((source) => `(${source})`).join(" UNION ALL ")}) AS sources GROUP BY dimension, key
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

const { city, district, rule_id, variant_id } = scanDimensions;

/**
 * Counts of summaries by value: `dimension, key, scans, bots`. Those of before know no rules and variants by their
 * ids, so what they count is of unknown ones, and have districts among their cities.
 */
const countsOfSummaries = (summaries: string) => `
  WITH read AS MATERIALIZED (
    SELECT s.dimensions, s.keys, s.key_scans, s.key_bots, s.scans, s.bots,
      ${rule_id.number} <> ALL(s.dimensions) AS lacks_ids, ${district.number} <> ALL(s.dimensions) AS lacks_districts
    FROM ${summaries}
  ), entries AS (
    SELECT unnest(dimensions) AS dimension, unnest(keys) AS key, unnest(key_scans) AS scans, unnest(key_bots) AS bots,
      lacks_districts
    FROM read
  )
  SELECT dimension, CASE WHEN lacks_districts AND dimension = ${city.number}
    THEN ${cityOfName("key")} ELSE key END AS key,
    scans, bots
  FROM entries
  UNION ALL
  SELECT ${district.number}, coalesce(${districtOfName("key")}, '${unknownKey}'), scans, bots
  FROM entries WHERE lacks_districts AND dimension = ${city.number}
  UNION ALL
  SELECT unnest(ARRAY[${rule_id.number}, ${variant_id.number}]), '${unknownKey}',
    scans, bots FROM read WHERE lacks_ids`;
