// The busiest codes of a workspace. Its summaries name the first 500 of each day or month. What a code can have had on a
// day without being named is bounded by the last one that was, so mostly a look at the hours of a hundred candidates
// proves who comes first (Fagin's threshold algorithm); where it does not, all hours are added up. The answer is exact.
import type { ReportPlan } from "./analytics-plan.js";
import type { Reader } from "./analytics-store.js";
import { codeDimension } from "./scan-dimensions.js";
import { Parameters, rowsIn, type ScanScope } from "./scan-scope.js";
import { topCodesKept } from "./scan-summaries.js";

export type CodeCount = { codeId: string; shortId: string; name: string; scans: number };

export type CodeRanking = { includeBots: boolean; top: number };

/** Codes whose scans are added up in full before the first places are decided. */
const candidatesMax = 100;

type Candidate = { code_id: string; scans: number; most: number; unseen: number };

/** The codes with the most scans in a range, ties by their id. */
export async function rankCodes(
  reader: Reader,
  scope: ScanScope,
  plan: ReportPlan,
  ranking: CodeRanking,
): Promise<CodeCount[]> {
  const counted = (await rankCandidates(reader, scope, plan, ranking)) ?? (await rankAll(reader, scope, plan, ranking));
  const { rows } = await reader.query<{ id: string; short_id: string; name: string }>({
    text: "SELECT id, short_id, name FROM dynamic_codes WHERE id = ANY($1::uuid[]) AND workspace_id = $2",
    values: [counted.map(({ code_id }) => code_id), scope.workspaceId],
  });
  const byId = new Map(rows.map((row) => [row.id, row]));
  return counted.flatMap(({ code_id, scans }) => {
    const code = byId.get(code_id);
    return code ? [{ codeId: code_id, shortId: code.short_id, name: code.name, scans }] : [];
  });
}

/** Null when candidates do not settle it. */
async function rankCandidates(
  reader: Reader,
  scope: ScanScope,
  { subjectId, byKey }: ReportPlan,
  { includeBots, top }: CodeRanking,
): Promise<Pick<Candidate, "code_id" | "scans">[] | null> {
  const counted = includeBots ? "scans + bots" : "scans";
  const parameters = new Parameters();
  const [subject, months, days] = [subjectId, byKey.months, byKey.days].map((value) => parameters.add(value));
  const rows = rowsIn(scope, byKey.rows, parameters);
  const { rows: found } = await reader.query<Candidate>({
    text: `
      WITH named AS MATERIALIZED (
        SELECT s.span, s.start, k.key::uuid AS code_id, k.scans, k.bots FROM scan_summaries AS s,
          unnest(s.dimensions, s.keys, s.key_scans, s.key_bots) AS k(dimension, key, scans, bots)
        WHERE s.subject_id = ${subject} AND (s.span = 'month' AND s.start = ANY(${months}::timestamptz[])
          OR s.span = 'day' AND s.start = ANY(${days}::timestamptz[])) AND k.dimension = ${codeDimension}
      ), lists AS MATERIALIZED (
        SELECT span, start, start + ('1 ' || span)::interval AS until,
          CASE WHEN count(*) = ${topCodesKept} THEN min(scans + bots) ELSE 0 END AS unnamed_max
        FROM named GROUP BY span, start
      ), unseen AS (
        SELECT coalesce(sum(unnamed_max), 0) AS most FROM lists
      ), counted AS (
        SELECT code_id, sum(${counted}) AS scans, sum(unnamed_max) AS covered
        FROM named JOIN lists USING (span, start) GROUP BY code_id
        UNION ALL
        SELECT code_id, count(*) ${includeBots ? "" : "FILTER (WHERE bot_class IS NULL)"}, 0 FROM ${rows} AS r
        GROUP BY code_id
      ), candidates AS MATERIALIZED (
        SELECT code_id, sum(scans) AS scans, sum(scans) + (SELECT most FROM unseen) - sum(covered) AS most
        FROM counted GROUP BY code_id ORDER BY most DESC, code_id LIMIT ${candidatesMax + 1}
      )
      SELECT code_id, most::float8, (SELECT most::float8 FROM unseen) AS unseen, (scans + coalesce((
          SELECT sum(${includeBots ? "h.scans + h.bots" : "h.scans"}) FROM lists
          JOIN scan_hourly AS h ON h.code_id = c.code_id AND h.hour >= lists.start AND h.hour < lists.until
          WHERE h.workspace_id = ${parameters.add(scope.workspaceId)}::uuid AND lists.unnamed_max > 0 AND NOT EXISTS (
            SELECT 1 FROM named WHERE named.code_id = c.code_id AND named.span = lists.span AND named.start = lists.start)
        ), 0))::float8 AS scans
      FROM candidates AS c ORDER BY most DESC, code_id`,
    values: parameters.values,
  });
  const rest = found.slice(candidatesMax);
  // Nobody beyond the candidates can have more than this.
  const restMost = Math.max(rest[0]?.most ?? 0, found[0]?.unseen ?? 0);
  const best = first(found.slice(0, candidatesMax), top);
  const last = best.length < top ? 0 : (best.at(-1)?.scans ?? 0);
  return last > restMost || restMost === 0 ? best : null;
}

/** Adds up the hours of every code. */
async function rankAll(
  reader: Reader,
  scope: ScanScope,
  { byKey }: ReportPlan,
  { includeBots, top }: CodeRanking,
): Promise<Pick<Candidate, "code_id" | "scans">[]> {
  const parameters = new Parameters();
  const [months, days] = [byKey.months, byKey.days].map((value) => parameters.add(value));
  const rows = rowsIn(scope, byKey.rows, parameters);
  const { rows: found } = await reader.query<Candidate>({
    text: `
      WITH stretches AS (
        SELECT start, start + interval '1 month' AS until FROM unnest(${months}::timestamptz[]) AS start
        UNION ALL SELECT start, start + interval '1 day' FROM unnest(${days}::timestamptz[]) AS start
      ), counted AS (
        SELECT code_id, ${includeBots ? "scans + bots" : "scans"} AS scans FROM stretches
        JOIN scan_hourly AS h ON h.hour >= start AND h.hour < until
        WHERE h.workspace_id = ${parameters.add(scope.workspaceId)}::uuid
        UNION ALL SELECT code_id, ${includeBots ? "1" : "CASE WHEN bot_class IS NULL THEN 1 ELSE 0 END"} FROM ${rows} AS r
      )
      SELECT code_id, sum(scans)::float8 AS scans FROM counted GROUP BY code_id
      ORDER BY scans DESC, code_id LIMIT ${parameters.add(top)}`,
    values: parameters.values,
  });
  return first(found, top);
}

const first = <Code extends Pick<Candidate, "code_id" | "scans">>(codes: Code[], top: number) =>
  codes
    .filter(({ scans }) => scans > 0)
    .sort((a, b) => b.scans - a.scans || (a.code_id < b.code_id ? -1 : 1))
    .slice(0, top);
