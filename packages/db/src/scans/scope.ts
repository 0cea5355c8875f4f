// Which scans are meant: of a workspace, some of its codes or one, narrowed down by what is known of each scan. Builds
// the conditions on rows of `scans`; every value from outside becomes a parameter.

import { type ScanDimension, unknownKey } from "@qrfactory/domain/reports";
import { tagsNamed } from "../codes/tags.js";
import { isCounted, valueIn } from "./dimensions.js";
import type { SummaryStart } from "./summaries/summaries.js";

/** Values of a dimension that scans have to have, and that they must not have. */
export type DimensionFilter = { dimension: ScanDimension; include: string[]; exclude: string[] };

/** Conditions on scans; all that are given must hold. */
export type ScanScope = {
  workspaceId: string;
  codeId?: string;
  /** Codes with one of these tags, as `tagsNamed` reads them, in this folder; those of deleted codes are in it. */
  tag?: string | undefined;
  folder?: string | undefined;
  filters: DimensionFilter[];
  /** Scans that were led to a fallback are among those meant. */
  includesFallback?: boolean;
};

/** A stretch of time, its end not in it. */
export type Stretch = { from: Date; to: Date };

/** Values of a statement, numbered as they are added. */
export class Parameters {
  readonly values: unknown[] = [];

  /** Returns the placeholder. */
  add(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }
}

/** Subject of the summaries, or null where only rows can tell. */
export function summarySubject(scope: ScanScope): string | null {
  const { workspaceId, codeId, tag, folder, filters } = scope;
  if (scope.includesFallback || filters.length > 0 || tag !== undefined || folder !== undefined) return null;
  return codeId ?? workspaceId;
}

/** The summaries `s` of a subject that begin at some moments, to be read from. */
export function summariesIn(subjectId: string | null, summaries: SummaryStart[], parameters: Parameters): string {
  const spans = parameters.add(summaries.map(({ span }) => span));
  const starts = parameters.add(summaries.map(({ start }) => start));
  return `unnest(${spans}::text[], ${starts}::timestamptz[]) AS planned(span, start)
    JOIN scan_summaries AS s ON s.subject_id = ${parameters.add(subjectId)}::uuid AND s.span = planned.span
      AND s.start = planned.start`;
}

/**
 * Up to here each stretch is a query of its own, whose size the planner knows; more are looked up one after the other.
 */
const plannedStretchesMax = 16;

/** Condition on a row `s` of `scans` to be in a scope. */
export function conditionsOnRows(scope: ScanScope, parameters: Parameters): string {
  return [...conditionsOn("s", scope, parameters), ...(scope.includesFallback ? [] : [`s.${isCounted}`])].join(" AND ");
}

/** A relation of the rows of `scans` in a scope and in any of some stretches of time. */
export function rowsIn(scope: ScanScope, stretches: Stretch[], parameters: Parameters): string {
  const conditions = conditionsOnRows(scope, parameters);
  const rowsBetween = (since: string, until: string) =>
    `SELECT s.* FROM scans AS s WHERE s.scanned_at >= ${since} AND s.scanned_at < ${until} AND ${conditions}`;
  if (stretches.length > 0 && stretches.length <= plannedStretchesMax) {
    const queries = stretches.map(({ from, to }) => rowsBetween(parameters.add(from), parameters.add(to)));
    return `(${queries.join(" UNION ALL ")})`;
  }
  const since = parameters.add(stretches.map(({ from }) => from));
  const until = parameters.add(stretches.map(({ to }) => to));
  // OFFSET keeps the planner from joining all scans with the stretches.
  return `(
    SELECT s.* FROM unnest(${since}::timestamptz[], ${until}::timestamptz[]) AS stretch(since, until),
      LATERAL (${rowsBetween("stretch.since", "stretch.until")} OFFSET 0) AS s)`;
}

/** Condition on a row under an alias, of `scans` or `scan_hourly`, to be in a scope. */
export function conditionsOn(alias: string, scope: ScanScope, parameters: Parameters): string[] {
  const { workspaceId, codeId, tag, folder, filters } = scope;
  const workspace = parameters.add(workspaceId);
  const conditions = [`${alias}.workspace_id = ${workspace}::uuid`];
  if (codeId) conditions.push(`${alias}.code_id = ${parameters.add(codeId)}::uuid`);
  if (tag !== undefined || folder !== undefined) {
    const ofCode = [`workspace_id = ${workspace}::uuid`];
    if (tag !== undefined) ofCode.push(`lower_all(tags) && ${parameters.add(tagsNamed(tag))}::text[]`);
    if (folder !== undefined) ofCode.push(`folder = ${parameters.add(folder)}`);
    conditions.push(`${alias}.code_id IN (SELECT id FROM dynamic_codes WHERE ${ofCode.join(" AND ")})`);
  }
  for (const { dimension, include, exclude } of filters) {
    const value = `coalesce(${valueIn(dimension, `${alias}.`)}, '${unknownKey}')`;
    if (include.length > 0) conditions.push(`${value} = ANY(${parameters.add(include)}::text[])`);
    if (exclude.length > 0) conditions.push(`${value} <> ALL(${parameters.add(exclude)}::text[])`);
  }
  return conditions;
}
