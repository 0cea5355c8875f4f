// The shape of one row of the table of fields (fields.ts), and the spellings of a field's name in code, in SQL and on
// the wire.
import type { KeyScope } from "@qrfactory/domain/access/key-scopes";
import type { DestinationRules } from "@qrfactory/domain/destination";
import type { Plan } from "@qrfactory/domain/plan/plans";
import type { z } from "zod";
import type { LiveCode } from "../published/published.js";
import type { Routing } from "../routing/routing.js";

/** PostgreSQL's type of a column; a JSON column that may be empty holds SQL's NULL, not JSON's. */
export type ColumnType = "text" | "text[]" | "boolean" | "integer" | "timestamptz" | "jsonb";

/** Context of reading a value: the hosts that codes must not lead to, and the path that refusals name. */
export type ReadContext = { rules: DestinationRules; path: string };

/** All that is known of a field. `Sent` is its value in a request body, `Kept` its value in the row. */
export type FieldRow<Sent, Kept> = {
  /** A value as clients send it; every field may be left out of an edit, and of a creation where it has a default. */
  schema: z.ZodType<Sent>;
  column: ColumnType;
  /** The value of a new code for which none was sent; absent where one has to be. */
  default?: NoInfer<Kept>;
  /** Name of the property that holds it, and so of its column, where that is not the field's own. */
  property?: string;
  /** Makes the kept value of the sent one; throws `url_refused` or `validation_failed` under `path`. */
  read?: (sent: Sent, context: ReadContext) => Kept;
  /**
   * Kept as a hash, which takes time: made of the sent value apart (auth/code-password), never shown, in no version.
   */
  isSecret?: boolean;
  /** The value in answers, where it is not what may be sent. */
  answer?: z.ZodType;
  /** Name in answers where it is not the field's own. */
  shownAs?: string;
  /** The value in answers, where it is not the kept one. */
  show?: (kept: NoInfer<Kept>, row: { rules: unknown; variants: unknown }) => unknown;
  /** Part of the published row that redirect answers from; absent with `route`: redirect is told nothing of it. */
  publish?: (kept: NoInfer<Kept>, row: { scanCount: bigint }) => Partial<LiveCode>;
  /** The same for what few codes have. */
  route?: (kept: NoInfer<Kept>) => Routing;
  /** Plan feature that some values require. */
  plan?: { includes: (plan: Plan) => boolean; isNeeded: (kept: NoInfer<Kept>) => boolean };
  /** Scope of the keys that may set it. */
  scope: KeyScope;
};

/** Makes a row of the table; setting a field takes `codes:write` unless it says otherwise. */
export function field<Sent, Kept = Sent, const More extends object = object>(
  row: Omit<FieldRow<Sent, Kept>, "scope"> & { scope?: KeyScope } & More,
): FieldRow<Sent, Kept> & More {
  return { scope: "codes:write", ...row };
}

/** `forwardQuery` of `forward_query`. */
export type CamelCase<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name;

/** A name of the wire and the tables as our code spells it. */
export const camelCase = (name: string): string =>
  name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** A name of ours as the wire and the tables spell it: `fallback_url` of `fallbackUrl`. */
export const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
