// The history of dynamic codes: each edit records the fields of its version. Rows from before this was kept have the
// destination alone.

import { camelCase, snakeCase } from "@qrfactory/codes/fields/field";
import { fieldList, type NamedField } from "@qrfactory/codes/fields/fields";
import type { StoredValues } from "@qrfactory/codes/fields/stored";
import type { AuditAction } from "@qrfactory/domain/audit-actions";
import { ApiError, invalidField } from "@qrfactory/domain/http/errors";
import { type Actor, columnsOf } from "../audit/audit.js";
import type { Db, Tx } from "../client.js";
import { type DynamicCode, type DynamicCodeChange, Prisma } from "../generated/client.js";

/** The address of a version has a column of its own, from before the others were kept. */
const ownColumn = "destinationUrl";

const keptFields = fieldList.filter(({ property }) => property !== ownColumn);

/** Of a secret a version keeps only whether there was one: a secret is not kept longer than it is in use. */
const keyOf = ({ isSecret, property, shownAs }: NamedField) => (isSecret ? camelCase(shownAs) : property);

/** In place of the hash of a code as it was. */
const forgottenHash = "";

/** One version of a code: what clients had set; counters belong to no version. */
export type CodeVersion = StoredValues & {
  version: number;
  /** `user:<id>`, `key:<id>` or `operator:<name>`. */
  changedBy: string;
  changedAt: Date;
  deletedAt: Date | null;
};

/** The cause of a version, for the audit trail. */
export type CodeChange = {
  actor: Actor;
  action: Extract<AuditAction, `dynamic.${string}`>;
  /** Further facts in the words of the API. */
  details?: Record<string, unknown>;
};

/** Notes the versions that rows have just reached and who made them; in the transaction that changed the rows. */
export async function recordVersions(tx: Tx, rows: DynamicCode[], change: CodeChange): Promise<void> {
  await tx.$executeRaw`
    WITH changed AS (SELECT * FROM dynamic_codes WHERE id = ANY(${rows.map((row) => row.id)}::uuid[])),
    ${noting(change)} SELECT`;
}

/**
 * The rest of a `WITH` whose part `changed` has the rows: notes their versions and who made them. A round trip of its
 * own would cost a creation a tenth of its time.
 */
export function noting({ actor, action, details = {} }: CodeChange): Prisma.Sql {
  return Prisma.sql`
    audited AS (
      INSERT INTO audit_events (workspace_id, at, action, actor_kind, actor_id, network, request_id, target, details)
      SELECT workspace_id, updated_at, ${action}, ${columnsOf(actor)}, short_id,
             jsonb_build_object('version', version) || ${JSON.stringify(details)}::jsonb
      FROM changed),
    noted AS (
      INSERT INTO dynamic_code_changes (code_id, version, destination_url, changed_by, changed_at, fields)
      SELECT id, version, destination_url, ${`${actor.kind}:${actor.id}`}, updated_at, ${keptObject}
      FROM changed)`;
}

/** JSON of what a version keeps of a row of `changed`. */
const keptObject = Prisma.raw(
  `jsonb_build_object('deletedAt', deleted_at, ${keptFields
    .map((row) => `'${keyOf(row)}', ${snakeCase(row.property)}${row.isSecret ? " IS NOT NULL" : ""}`)
    .join()})`,
);

/** The change after which a code was what it was at a moment; null before its creation. */
const findChangeAt = (db: Db, code: DynamicCode, at: Date) =>
  db.dynamicCodeChange.findFirst({
    where: { codeId: code.id, changedAt: { lte: at } },
    orderBy: { version: "desc" },
  });

/** The versions of a code, the newest first, and how many there are; with `at` the one that was in force then. */
export async function listVersions(
  db: Db,
  code: DynamicCode,
  page: { skip: number; take: number },
  at?: Date,
): Promise<{ count: number; versions: CodeVersion[] }> {
  if (at) {
    const change = await findChangeAt(db, code, at);
    const versions = change ? [versionOf(change, code)] : [];
    return { count: versions.length, versions: versions.slice(page.skip) };
  }
  const where = { codeId: code.id };
  const [count, changes] = await Promise.all([
    db.dynamicCodeChange.count({ where }),
    db.dynamicCodeChange.findMany({ where, orderBy: { version: "desc" }, ...page }),
  ]);
  return { count, versions: changes.map((change) => versionOf(change, code)) };
}

/** One version of a code; throws `validation_failed` when there is none of that number. */
export async function getVersion(db: Db, code: DynamicCode, version: number): Promise<CodeVersion> {
  const change = await db.dynamicCodeChange.findUnique({ where: { codeId_version: { codeId: code.id, version } } });
  if (change) return versionOf(change, code);
  throw invalidField("version", "The history of this code has no such version.");
}

/**
 * The code as it was at a moment, with the counters of today; throws `not_found` before its creation and while deleted.
 */
export async function getCodeAt(db: Db, code: DynamicCode, at: Date): Promise<DynamicCode> {
  const change = await findChangeAt(db, code, at);
  const was = change && versionOf(change, code);
  if (!was || was.deletedAt) throw new ApiError("not_found", "There was no such dynamic code at that moment.");
  const { changedBy: _changedBy, changedAt, ...values } = was;
  return { ...code, ...(values as Partial<DynamicCode>), updatedAt: changedAt };
}

/** Reads a version; fields that its row does not have, because they were not kept yet, are those of the code today. */
function versionOf({ version, changedBy, changedAt, destinationUrl, fields }: DynamicCodeChange, code: DynamicCode) {
  const kept = fields as Record<string, unknown>;
  const values = keptFields.map((row) => {
    const value = kept[keyOf(row)];
    if (value === undefined) return [row.property, row.isSecret ? forgotten(code[row.property]) : code[row.property]];
    if (row.isSecret) return [row.property, value ? forgottenHash : null];
    return [row.property, row.column === "timestamptz" ? toMoment(value) : value];
  });
  const deletedAt = kept.deletedAt === undefined ? code.deletedAt : toMoment(kept.deletedAt);
  const stored = { ...Object.fromEntries(values), destinationUrl } as StoredValues;
  return { ...stored, version, changedBy, changedAt, deletedAt } satisfies CodeVersion;
}

const forgotten = (secret: unknown) => (secret === null ? null : forgottenHash);
const toMoment = (kept: unknown) => (kept === null ? null : new Date(kept as string));
