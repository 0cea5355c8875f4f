// The busiest codes of a workspace. Its summaries name the first 500 of each day or month and 100 of an hour. Scans of
// a code that is not named are bounded by those of the last one that is, so mostly a look at the hours of a hundred
// candidates proves who comes first (Fagin's threshold algorithm); where it does not, all hours are added up. The
// answer is exact.

import { Parameters, rowsIn, type ScanScope, type Stretch, summariesIn } from "../scope.js";
import { type SummaryStart, spanEnd, topCodesKept } from "../summaries/summaries.js";
import type { Reader } from "./analytics-store.js";
import type { ReportPlan } from "./plan.js";

/** Scans of a code in the range of a report. */
export type CodeCount = { codeId: string; shortId: string; name: string; scans: number };

/** Extent of a ranking: its length, and whether scans by machines count. */
export type CodeRanking = { includeBots: boolean; top: number };

/** Codes whose scans are added up in full before the first places are decided. */
const candidatesMax = 100;

type Ranked = { code_id: string; scans: number };

/** A code, what is known of its scans, and the most they can be. */
type Candidate = Ranked & { most: number; named_in: Date[] };

/** A summary that does not name all codes: those it leaves out have at most so many scans. */
type ShortList = Stretch & { unnamedMax: number };

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
  plan: ReportPlan,
  ranking: CodeRanking,
): Promise<Ranked[] | null> {
  const lists = await findShortLists(reader, plan);
  const unseen = lists.reduce((sum, { unnamedMax }) => sum + unnamedMax, 0);
  const found = await findCandidates(reader, scope, plan, { ...ranking, unseen });
  const candidates = found.slice(0, candidatesMax);
  await addUnnamed(reader, scope, candidates, lists, ranking);
  const best = first(candidates, ranking.top);
  // Nobody else can have more than this.
  const restMost = Math.max(found[candidatesMax]?.most ?? 0, unseen);
  const last = best.length < ranking.top ? 0 : (best.at(-1)?.scans ?? 0);
  return last > restMost || restMost === 0 ? best : null;
}

/** The summaries of a plan, a row for each code they name. */
const namedCodes = ({ subjectId, byKey }: ReportPlan, parameters: Parameters) => `(
  SELECT s.span, s.start, unnest(s.code_ids) AS code_id, unnest(s.code_scans) AS scans, unnest(s.code_bots) AS bots
  FROM ${summariesIn(subjectId, byKey.summaries, parameters)}) AS k`;

/** How many codes a full list of a `span` names. */
const fullList = `(CASE span ${Object.entries(topCodesKept)
  .map(([span, codes]) => `WHEN '${span}' THEN ${codes}`)
  .join(" ")} END)`;

async function findShortLists(reader: Reader, plan: ReportPlan): Promise<ShortList[]> {
  const parameters = new Parameters();
  const { rows } = await reader.query<SummaryStart & { least: number }>({
    text: `
      SELECT span, start, min(scans + bots)::float8 AS least FROM ${namedCodes(plan, parameters)}
      GROUP BY span, start HAVING count(*) = ${fullList}`,
    values: parameters.values,
  });
  return rows.map(({ span, start, least }) => ({ from: start, to: spanEnd(span, start), unnamedMax: least }));
}

async function findCandidates(
  reader: Reader,
  scope: ScanScope,
  plan: ReportPlan,
  { includeBots, unseen }: CodeRanking & { unseen: number },
): Promise<Candidate[]> {
  const parameters = new Parameters();
  const { rows } = await reader.query<Candidate>({
    text: `
      WITH named AS (
        SELECT start, code_id, scans, bots,
          CASE WHEN count(*) OVER (PARTITION BY span, start) = ${fullList}
            THEN min(scans + bots) OVER (PARTITION BY span, start) ELSE 0 END AS unnamed_max
        FROM ${namedCodes(plan, parameters)}
      ), counted AS (
        SELECT code_id, sum(${includeBots ? "scans + bots" : "scans"}) AS scans, sum(unnamed_max) AS covered,
          array_agg(start) AS named_in
        FROM named GROUP BY code_id
        UNION ALL
        SELECT code_id, count(*) ${includeBots ? "" : "FILTER (WHERE bot_class IS NULL)"}, 0, NULL
        FROM ${rowsIn(scope, plan.byKey.rows, parameters)} AS found GROUP BY code_id
      )
      SELECT code_id, sum(scans)::float8 AS scans, coalesce(max(named_in), '{}') AS named_in,
        (sum(scans) + ${parameters.add(unseen)}::float8 - sum(covered))::float8 AS most
      FROM counted GROUP BY code_id ORDER BY most DESC, code_id LIMIT ${candidatesMax + 1}`,
    values: parameters.values,
  });
  return rows;
}

/** Adds the scans of the times whose summary does not name a candidate. */
async function addUnnamed(
  reader: Reader,
  { workspaceId }: ScanScope,
  candidates: Candidate[],
  lists: ShortList[],
  { includeBots }: CodeRanking,
): Promise<void> {
  const missing = candidates.flatMap(({ code_id, named_in }) => {
    const named = new Set(named_in.map(Number));
    return lists.filter(({ from }) => !named.has(Number(from))).map(({ from, to }) => ({ code_id, from, to }));
  });
  if (missing.length === 0) return;
  const { rows } = await reader.query<Ranked>({
    text: `
      SELECT h.code_id, sum(${includeBots ? "h.scans + h.bots" : "h.scans"})::float8 AS scans
      FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS m(code_id, since, until)
      JOIN scan_hourly AS h ON h.code_id = m.code_id AND h.hour >= m.since AND h.hour < m.until
      WHERE h.workspace_id = $4 GROUP BY h.code_id`,
    values: [
      missing.map(({ code_id }) => code_id),
      missing.map(({ from }) => from),
      missing.map(({ to }) => to),
      workspaceId,
    ],
  });
  const added = new Map(rows.map(({ code_id, scans }) => [code_id, scans]));
  for (const candidate of candidates) candidate.scans += added.get(candidate.code_id) ?? 0;
}

/** Adds up the hours of every code. */
async function rankAll(
  reader: Reader,
  scope: ScanScope,
  { byKey }: ReportPlan,
  { includeBots, top }: CodeRanking,
): Promise<Ranked[]> {
  const parameters = new Parameters();
  const since = parameters.add(byKey.summaries.map(({ start }) => start));
  const until = parameters.add(byKey.summaries.map(({ span, start }) => spanEnd(span, start)));
  const rows = rowsIn(scope, byKey.rows, parameters);
  const { rows: found } = await reader.query<Ranked>({
    text: `
      WITH counted AS (
        SELECT code_id, ${includeBots ? "scans + bots" : "scans"} AS scans
        FROM unnest(${since}::timestamptz[], ${until}::timestamptz[]) AS stretch(since, until)
        JOIN scan_hourly AS h ON h.hour >= since AND h.hour < until
        WHERE h.workspace_id = ${parameters.add(scope.workspaceId)}::uuid
        UNION ALL SELECT code_id, ${includeBots ? "1" : "CASE WHEN bot_class IS NULL THEN 1 ELSE 0 END"}
          FROM ${rows} AS r
      )
      SELECT code_id, sum(scans)::float8 AS scans FROM counted GROUP BY code_id
      ORDER BY scans DESC, code_id LIMIT ${parameters.add(top)}`,
    values: parameters.values,
  });
  return first(found, top);
}

const first = (codes: Ranked[], top: number) =>
  codes
    .filter(({ scans }) => scans > 0)
    .sort((a, b) => b.scans - a.scans || (a.code_id < b.code_id ? -1 : 1))
    .slice(0, top);
