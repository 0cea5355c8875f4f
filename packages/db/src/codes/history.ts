// What dynamic codes were: each edit leaves what the code is from that version on. Rows from before this was kept know
// the destination alone.
import { ApiError, invalidField } from "@qrfactory/domain/http/errors";
import { type Actor, type AuditAction, columnsOf } from "../audit/audit.js";
import type { Db, Tx } from "../client.js";
import { type DynamicCode, type DynamicCodeChange, Prisma } from "../generated/client.js";

/** Columns of a version that history keeps as they are. */
type PlainField =
  | ("name" | "isActive" | "fallbackUrl" | "tags" | "folder")
  | ("maxScans" | "rules" | "variants" | "forwardQuery" | "utm" | "appLinks");

/** Of a password history knows only that there was one: a secret is not kept longer than it is in use. */
type Protection = { passwordProtected: boolean };

/** What a version may differ in from the one before, as stored; counters belong to no version. */
type Fields = Pick<DynamicCode, PlainField> & Protection & { expiresAt: string | null; deletedAt: string | null };

/** One version of a code. */
export type CodeVersion = {
  version: number;
  /** `user:<id>`, `key:<id>` or `operator:<name>`. */
  changedBy: string;
  changedAt: Date;
} & Protection &
  Pick<DynamicCode, PlainField | "destinationUrl" | "expiresAt" | "deletedAt">;

/** What led to a version, for the audit trail. */
export type CodeChange = {
  actor: Actor;
  action: Extract<AuditAction, `dynamic.${string}`>;
  /** What else is worth knowing, in the words of the API. */
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
    SELECT id, version, destination_url, ${`${actor.kind}:${actor.id}`}, updated_at, jsonb_build_object('name', name,
      'isActive', is_active, 'fallbackUrl', fallback_url, 'tags', tags, 'folder', folder,
      'expiresAt', expires_at, 'deletedAt', deleted_at, 'maxScans', max_scans, 'rules', rules, 'variants', variants,
      'forwardQuery', forward_query, 'utm', utm, 'appLinks', app_links,
      'passwordProtected', password_hash IS NOT NULL)
      FROM changed)`;
}

/** A code of today, for what history from before a field was kept does not know. */
function fieldsOf(code: DynamicCode): Fields {
  const { name, isActive, fallbackUrl, tags, folder, expiresAt, deletedAt } = code;
  const { maxScans, rules, variants, forwardQuery, utm, appLinks } = code;
  return {
    ...{ name, isActive, fallbackUrl, tags, folder, maxScans, rules, variants, forwardQuery, utm, appLinks },
    passwordProtected: code.passwordHash !== null,
    expiresAt: expiresAt?.toISOString() ?? null,
    deletedAt: deletedAt?.toISOString() ?? null,
  };
}

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

/** In place of the hash of a code as it was. */
const forgottenHash = "";

/**
 * The code as it was at a moment, with the counters of today; throws `not_found` before its creation and while deleted.
 */
export async function getCodeAt(db: Db, code: DynamicCode, at: Date): Promise<DynamicCode> {
  const change = await findChangeAt(db, code, at);
  const was = change && versionOf(change, code);
  if (!was || was.deletedAt) throw new ApiError("not_found", "There was no such dynamic code at that moment.");
  const { changedBy: _changedBy, changedAt, passwordProtected, ...fields } = was;
  return { ...code, ...fields, passwordHash: passwordProtected ? forgottenHash : null, updatedAt: changedAt };
}

function versionOf({ version, changedBy, changedAt, destinationUrl, fields }: DynamicCodeChange, code: DynamicCode) {
  const { expiresAt, deletedAt, ...known } = { ...fieldsOf(code), ...(fields as Partial<Fields>) };
  return {
    ...known,
    version,
    changedBy,
    changedAt,
    destinationUrl,
    expiresAt: expiresAt === null ? null : new Date(expiresAt),
    deletedAt: deletedAt === null ? null : new Date(deletedAt),
  } satisfies CodeVersion;
}
