// Ids of rules and variants by their place in a version of a code: a region records the place, a row of `scans`
// the id.
import { nameRouting, type StoredRouting } from "@qrfactory/codes/routing/routing-ids";
import type pg from "pg";
import type { ScanRow } from "./rows.js";

/** The ids of a version's rules and variants in their order. */
type Ids = { rules: readonly string[]; variants: readonly string[] };

/** Versions whose ids are remembered, for they never change: all that are scanned in an hour, mostly. */
const versionsMax = 10_000;

type Placed = Pick<ScanRow, "code_id" | "code_version" | "variant" | "rule" | "rule_id" | "variant_id">;

/** Makes the function that writes ids into rows that have places; a version that history does not know has none. */
export function makeNamePlaces(): (client: pg.ClientBase, rows: Placed[]) => Promise<void> {
  const known = new Map<string, Ids>();

  async function learn(client: pg.ClientBase, wanted: Placed[]): Promise<void> {
    const { rows } = await client.query<{ code_id: string; version: number } & StoredRouting>({
      text: `
        SELECT c.code_id, c.version, c.fields -> 'rules' AS rules, c.fields -> 'variants' AS variants
        FROM unnest($1::uuid[], $2::int[]) AS w(code_id, version)
        JOIN dynamic_code_changes AS c USING (code_id, version)`,
      values: [wanted.map((row) => row.code_id), wanted.map((row) => row.code_version)],
    });
    if (known.size + rows.length > versionsMax) known.clear();
    for (const { code_id, version, ...stored } of rows) {
      const { rules, variants } = nameRouting(stored);
      known.set(keyOf(code_id, version), { rules: rules.map(({ id }) => id), variants: variants.map(({ id }) => id) });
    }
  }

  return async function namePlaces(client, rows) {
    const placed = rows.filter(({ rule, variant }) => rule !== null || variant !== null);
    const isKnown = (row: Placed) => known.has(keyOf(row.code_id, row.code_version));
    const wanted = new Map(
      placed.filter((row) => !isKnown(row)).map((row) => [keyOf(row.code_id, row.code_version), row]),
    );
    if (wanted.size > 0) await learn(client, [...wanted.values()]);
    for (const row of placed) {
      const ids = known.get(keyOf(row.code_id, row.code_version));
      if (row.rule !== null) row.rule_id = ids?.rules[row.rule] ?? null;
      if (row.variant !== null) row.variant_id = ids?.variants[row.variant] ?? null;
    }
  };
}

const keyOf = (codeId: string, version: number) => `${codeId.toLowerCase()} ${version}`;
