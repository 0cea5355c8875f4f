// The creation of a dynamic code: what its workspace may, the row, its first version and the event of its audit trail
// in one statement, because a creation is mostly round trips.
import { randomUUID } from "node:crypto";
import { snakeCase } from "@qrfactory/codes/fields/field";
import { type CodeFields, type CodeValues, fieldList, type NamedField } from "@qrfactory/codes/fields/fields";
import { withDefaults } from "@qrfactory/codes/fields/stored";
import { keepIds } from "@qrfactory/codes/routing/routing-ids";
import { drawShortId } from "@qrfactory/codes/short-id";
import { ApiError } from "@qrfactory/domain/http/errors";
import { frozenProblem } from "@qrfactory/domain/plan/freeze";
import {
  noSuchWorkspace,
  requireRoom,
  type Standing,
  type StandingColumns,
  standingNames,
  standingOf,
} from "../accounts/standing.js";
import type { Actor } from "../audit/audit.js";
import { prepared, type Tx } from "../client.js";
import { Prisma } from "../generated/client.js";
import { codeColumns, type DynamicCode } from "./codes.js";
import { noting } from "./history.js";

/** Fields of a code to be created. */
export type NewCode = CodeFields & {
  name: string;
  destinationUrl: string;
  /** The id that the client wants. */
  shortId?: string;
  /** The id to try first where the client wants none, drawn before there was a row for it. */
  drawnShortId?: string;
};

/** Draws before a creation gives up; one taken id in 130,000 draws makes three a proof of something else. */
const drawsMax = 3;

/**
 * Inserts a code with its first history row. Throws as `holdUnfrozen` does, `plan_limit` when the plan has no room for
 * another active code, `conflict` when the chosen short id is taken.
 */
export async function createCode(tx: Tx, workspaceId: string, code: NewCode, actor: Actor): Promise<DynamicCode> {
  const { shortId: chosen, drawnShortId, ...fields } = code;
  for (let draw = 1; draw <= drawsMax; draw++) {
    const shortId = chosen ?? (draw === 1 ? drawnShortId : undefined) ?? drawShortId();
    const { standing, row } = await insertCode(tx, { workspaceId, shortId, fields, actor });
    if (standing.frozen) throw frozenProblem(standing.frozen, standing.plan);
    if (row?.isActive) await requireRoom(tx, workspaceId, standing.plan, 0);
    if (row) return row;
    if (chosen) throw new ApiError("conflict", `The short id ${chosen} is taken; choose another.`);
  }
  throw new Error(`no free short id in ${drawsMax} draws`);
}

type NewRow = {
  workspaceId: string;
  shortId: string;
  fields: Omit<NewCode, "shortId" | "drawnShortId">;
  actor: Actor;
};

/** The columns of the fields, in their order. */
const fieldColumns = Prisma.raw(fieldList.map(({ property }) => snakeCase(property)).join());

/** The value of a field with its type, which PostgreSQL cannot see in a `SELECT`. */
function cast({ property, column }: NamedField, values: CodeValues): Prisma.Sql {
  const value = values[property];
  const isJson = column === "jsonb" && value !== null;
  return Prisma.sql`${isJson ? JSON.stringify(value) : value}::${Prisma.raw(column)}`;
}

/**
 * Holds the workspace as `holdWorkspace` does to share it, and inserts the row unless it is frozen or the short id
 * taken: found out without an error, which would end the transaction. By hand, because the generated client compiles a
 * creation anew each time, for longer than the database takes to run it.
 */
async function insertCode(tx: Tx, { workspaceId, shortId, fields, actor }: NewRow) {
  const values = withDefaults({ ...fields, ...keepIds(fields, {}) });
  const rows = await tx.$queryRaw<(StandingColumns & (DynamicCode | { id: null }))[]>`${prepared}
    WITH standing AS MATERIALIZED (
      SELECT ${standingNames} FROM workspaces w WHERE id = ${workspaceId}::uuid AND deleted_at IS NULL FOR SHARE),
    changed AS (
      INSERT INTO dynamic_codes (id, workspace_id, short_id, ${fieldColumns})
      SELECT ${randomUUID()}::uuid, ${workspaceId}::uuid, ${shortId},
        ${Prisma.join(fieldList.map((row) => cast(row, values)))}
      FROM standing WHERE num_nonnulls("suspendedAt", "lapsedAt", "overLimitAt") = 0
      ON CONFLICT (short_id) DO NOTHING
      RETURNING *),
    ${noting({ actor, action: "dynamic.created" })}
    SELECT standing.*, ${codeColumns} FROM standing LEFT JOIN changed ON true`;
  const found = rows[0];
  if (!found) throw noSuchWorkspace();
  const { plan, suspendedAt, lapsedAt, overLimitAt, ...row } = found;
  const standing: Standing = standingOf({ plan, suspendedAt, lapsedAt, overLimitAt });
  return { standing, row: row.id === null ? null : (row as DynamicCode) };
}
