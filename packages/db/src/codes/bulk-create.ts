// Many dynamic codes at once: all of them are created, or none is.
import { randomUUID } from "node:crypto";
import { ApiError } from "@qrfactory/domain/http/errors";
import { requireRoomForActive } from "../accounts/standing.js";
import type { Actor } from "../audit/audit.js";
import type { Tx } from "../client.js";
import { codeColumns, type DynamicCode } from "./codes.js";
import { noting } from "./history.js";

/** A dynamic code with nothing but a destination. */
export type PlainCode = { shortId: string; name: string; destinationUrl: string };

/**
 * Creates active codes as `createCode` creates one, in one statement. Throws `plan_limit` when there is no room for all
 * of them, `conflict` that names the short ids which are taken.
 */
export async function createCodes(
  tx: Tx,
  workspaceId: string,
  codes: PlainCode[],
  actor: Actor,
): Promise<DynamicCode[]> {
  await requireRoomForActive(tx, workspaceId, codes.length);
  const rows = await tx.$queryRaw<DynamicCode[]>`
    WITH changed AS (
      INSERT INTO dynamic_codes (id, workspace_id, short_id, name, destination_url)
      SELECT id, ${workspaceId}::uuid, short_id, name, destination_url
      FROM unnest(${codes.map(() => randomUUID())}::uuid[], ${codes.map(({ shortId }) => shortId)}::text[],
                  ${codes.map(({ name }) => name)}::text[], ${codes.map((code) => code.destinationUrl)}::text[])
           AS c(id, short_id, name, destination_url)
      ORDER BY id
      ON CONFLICT (short_id) DO NOTHING
      RETURNING *),
    ${noting({ actor, action: "dynamic.created" })}
    SELECT ${codeColumns} FROM changed`;
  if (rows.length === codes.length) return rows;
  const made = new Set(rows.map(({ shortId }) => shortId));
  const taken = codes.map(({ shortId }) => shortId).filter((shortId) => !made.has(shortId));
  throw new ApiError("conflict", `These short ids are taken: ${taken.slice(0, 10).join(", ")}; choose others.`);
}
