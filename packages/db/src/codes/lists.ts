// Lists of dynamic codes: what of a workspace matches, in which order, and the page at a position. A page begins after
// a row, not after a number of rows, so it stays right while codes are added and costs the same however far it is.
import type { CodeStatus } from "@qrfactory/codes/statuses";
import type { Db, Tx } from "../client.js";
import { type DynamicCode, Prisma } from "../generated/client.js";
import { codeColumns, restorableSince } from "./codes.js";
import { statusConditions } from "./status.js";

/** Conditions on the list of codes; all that are given must hold. */
export type CodeFilter = {
  /** Part of the name, the short id or the destination, in any case. */
  search?: string;
  /** Only where a word begins: see `withSearchBounds`. */
  atWordStart?: boolean;
  /** Any of these, as `tagsNamed` spells them. */
  tags?: readonly string[];
  status?: CodeStatus;
  folder?: string;
  isActive?: boolean;
  /** The deleted that can be restored, in place of the others. */
  deleted?: boolean;
};

/** Orders of a list: the column, and the type in which its text is compared. */
const sortColumns = {
  createdAt: { key: Prisma.sql`created_at`, type: Prisma.sql`timestamptz` },
  updatedAt: { key: Prisma.sql`updated_at`, type: Prisma.sql`timestamptz` },
  name: { key: Prisma.sql`name`, type: Prisma.sql`text` },
  scanCount: { key: Prisma.sql`scan_count`, type: Prisma.sql`bigint` },
  // A code that was never scanned comes before all that were.
  lastScannedAt: { key: Prisma.sql`coalesce(last_scanned_at, 'epoch')`, type: Prisma.sql`timestamptz` },
};

/** Order of the list; equal values follow the id. */
export type CodeOrder = { field: keyof typeof sortColumns; direction: "asc" | "desc" };

/** A row's place in an order: the text of what it is ordered by, and the id, which settles ties. */
export type Position = { key: string; id: string };

/** Where a page begins: after `skip` rows, or next to a position that a page before or after it ended at. */
export type PageStart = { skip: number } | { after: Position } | { before: Position };

/** Rows of a page in the order of the list. */
export type CodePage = {
  rows: DynamicCode[];
  /** Whether there are rows before the first and after the last of these. */
  hasBefore: boolean;
  hasAfter: boolean;
};

/**
 * Matches that are counted before a page is read. Up to here they are gathered by the filter's own index and sorted;
 * above, walking the order meets one in fifty rows even among 500,000. Both take about 30 ms at worst.
 */
export const gatheredMax = 10_000;

/** Shortest text that a trigram index finds anywhere. */
const searchLengthAnywhere = 3;

/**
 * The filter as it can be answered soon: one or two characters are in nearly every text, and no index finds them; among
 * more than `gatheredMax` codes they are looked for where a word begins. 14 ms for 500,000 codes instead of 150.
 */
export async function withSearchBounds(db: Db | Tx, workspaceId: string, filter: CodeFilter): Promise<CodeFilter> {
  if (!filter.search || [...filter.search].length >= searchLengthAnywhere) return filter;
  const all = await countCodesUpToMax(db, workspaceId, {});
  return { ...filter, atWordStart: all > gatheredMax };
}

/** How many codes match, counted no further than one above `gatheredMax`. */
export async function countCodesUpToMax(db: Db | Tx, workspaceId: string, filter: CodeFilter): Promise<number> {
  const rows = await db.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count FROM (
      SELECT 1 FROM dynamic_codes WHERE ${matches(workspaceId, filter)} LIMIT ${gatheredMax + 1}) AS matching`;
  return rows[0]?.count ?? 0;
}

/** How many codes match, all of them: some 60 ms for 500,000. */
export async function countCodes(db: Db, workspaceId: string, filter: CodeFilter): Promise<number> {
  const rows = await db.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count FROM dynamic_codes WHERE ${matches(workspaceId, filter)}`;
  return rows[0]?.count ?? 0;
}

/** At most `take` codes in order. `gathered` says that `countCodesUpToMax` found no more than `gatheredMax`. */
export async function listCodes(
  db: Db,
  workspaceId: string,
  list: { filter: CodeFilter; order: CodeOrder; start: PageStart; take: number; gathered: boolean },
): Promise<CodePage> {
  const { filter, order, start, take, gathered } = list;
  const backwards = "before" in start;
  const { key, type } = sortColumns[order.field];
  const ascending = (order.direction === "asc") !== backwards;
  const direction = ascending ? Prisma.sql`ASC` : Prisma.sql`DESC`;
  const position = "after" in start ? start.after : backwards ? start.before : null;
  const beyond = position
    ? Prisma.sql`(${key}, id) ${ascending ? Prisma.sql`>` : Prisma.sql`<`}
        (${position.key}::${type}, ${position.id}::uuid)`
    : Prisma.sql`true`;
  const skip = "skip" in start ? start.skip : 0;
  const page = Prisma.sql`${beyond} ORDER BY ${key} ${direction}, id ${direction} LIMIT ${take + 1} OFFSET ${skip}`;
  // Left to itself the planner may walk the whole order in search of the few rows that match.
  const found = await db.$queryRaw<DynamicCode[]>(
    gathered
      ? Prisma.sql`
          WITH matching AS MATERIALIZED (SELECT * FROM dynamic_codes WHERE ${matches(workspaceId, filter)})
          SELECT ${codeColumns} FROM matching WHERE ${page}`
      : Prisma.sql`SELECT ${codeColumns} FROM dynamic_codes WHERE ${matches(workspaceId, filter)} AND ${page}`,
  );
  const rows = found.slice(0, take);
  if (backwards) rows.reverse();
  return {
    rows,
    hasBefore: backwards ? found.length > take : position !== null || skip > 0,
    hasAfter: backwards || found.length > take,
  };
}

/** Where a row stands in an order. */
export function positionOf(row: DynamicCode, { field }: CodeOrder): Position {
  const value = row[field] ?? new Date(0);
  return { key: value instanceof Date ? value.toISOString() : String(value), id: row.id };
}

/** The condition on rows of `dynamic_codes` that a filter stands for. */
export function matches(workspaceId: string, filter: CodeFilter): Prisma.Sql {
  const { search, tags, status, folder, isActive, deleted } = filter;
  const conditions = [
    Prisma.sql`workspace_id = ${workspaceId}::uuid`,
    deleted ? Prisma.sql`deleted_at >= ${restorableSince()}` : Prisma.sql`deleted_at IS NULL`,
  ];
  if (search) {
    const text = search.replace(/[\\%_]/g, "\\$&");
    const patterns = filter.atWordStart ? [`${text}%`, `% ${text}%`, `%\n${text}%`] : [`%${text}%`];
    const searched = Prisma.sql`(name || E'\n' || short_id || E'\n' || destination_url)`;
    const found = patterns.map((pattern) => Prisma.sql`${searched} ILIKE ${pattern}`);
    conditions.push(Prisma.sql`(${Prisma.join(found, " OR ")})`);
  }
  if (tags?.length) conditions.push(Prisma.sql`lower_all(tags) && ${tags}::text[]`);
  if (status) conditions.push(statusConditions[status]);
  if (folder) conditions.push(Prisma.sql`folder = ${folder}`);
  if (isActive !== undefined) conditions.push(Prisma.sql`is_active = ${isActive}`);
  return Prisma.join(conditions, " AND ");
}
