// What clients may say of a dynamic code, wherever they say it: to create one, to edit it, or to create and draw it in
// one call.

import { checkDestination, type DestinationRules } from "@qrfactory/domain/destination";
import { ApiError } from "@qrfactory/domain/http/errors";
import { listOf, storable } from "@qrfactory/domain/http/validate";
import { type PlanName, plans, smallestPlan } from "@qrfactory/domain/plan/plans";
import { z } from "zod";
import { addressField, type RoutingColumns, routingFields, toRoutingColumns } from "./routing-input.js";
import { normalizeShortId } from "./short-id.js";

const nameField = storable.trim().min(1, "Give the code a name.").max(120, "Use at most 120 characters.");

/** The folder of a code in the dashboard; null is none. */
const folderField = storable
  .trim()
  .min(1, "Give the folder a name, or use null for none.")
  .max(100, "Use at most 100 characters.");

/** Years that RFC 3339 writes and PostgreSQL keeps, in UTC: an offset may lead out of those that were typed. */
const isKept = (text: string) => /^(?!0000)\d{4}-/.test(new Date(text).toISOString());

/** An RFC 3339 moment with an offset, as a `Date`. */
export const momentField = z.iso
  .datetime({ offset: true, error: "Use an RFC 3339 moment such as 2026-12-31T23:59:59Z.", abort: true })
  .refine(isKept, "Use a year from 0001 to 9999.")
  .transform((text) => new Date(text));

const tagsField = listOf(storable.trim().min(1).max(50), { max: 20, message: "Use at most 20 tags." });

/** A PostgreSQL `integer`. */
const scansMax = 2_147_483_647;

const maxScansField = z.int("Use a whole number.").min(1, "Use 1 or more, or null for no limit.").max(scansMax);

/** Typed on phones, so shorter than one of an account; guesses are counted where it is asked for. */
const passwordField = z.string().min(4, "Use at least 4 characters.").max(256, "Use at most 256 characters.");

/** A short id in any case, as it is stored. */
export const shortIdField = z.string().transform((text, context) => {
  const shortId = normalizeShortId(text);
  if (shortId === null) context.addIssue({ code: "custom", message: "Use 3 to 64 of the characters A-Z, 0-9 and -." });
  return shortId ?? "";
});

const optionalFields = {
  is_active: z.boolean().optional(),
  expires_at: momentField.nullable().optional(),
  fallback_url: addressField.nullable().optional(),
  tags: tagsField.optional(),
  folder: folderField.nullable().optional(),
  max_scans: maxScansField.nullable().optional(),
  password: passwordField.nullable().optional(),
  ...routingFields,
};

/** Where the API has an address of its own in place of a code's. */
const reservedShortIds = new Set(["EXPORT"]);

/** The short id of a code that is to be made. */
export const newShortIdField = shortIdField.refine(
  (shortId) => !reservedShortIds.has(shortId),
  "Choose another short id.",
);

/** What creates a code. */
export const createCodeBody = z.strictObject({
  name: nameField,
  destination_url: addressField,
  short_id: newShortIdField.optional(),
  ...optionalFields,
});

/** What edits a code. */
export const updateCodeBody = z.strictObject({
  name: nameField.optional(),
  destination_url: addressField.optional(),
  ...optionalFields,
});

/** A name of ours as the wire and the tables spell it: `fallback_url` of `fallbackUrl`. */
export const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** What a client may set; absent means unchanged, or the default at creation. */
export type CodeFields = {
  name?: string;
  destinationUrl?: string;
  isActive?: boolean;
  expiresAt?: Date | null;
  fallbackUrl?: string | null;
  tags?: string[];
  folder?: string | null;
  maxScans?: number | null;
  /** Of the password in the body; made apart, because it takes time. */
  passwordHash?: string | null;
} & RoutingColumns;

/**
 * The columns that a checked body sets, all but the password's; throws `url_refused` for an address that is not
 * allowed, under `pathPrefix`.
 */
export function toFields(body: z.output<typeof updateCodeBody>, rules: DestinationRules, pathPrefix = ""): CodeFields {
  const { name, destination_url, is_active, expires_at, fallback_url, tags, folder, max_scans } = body;
  return {
    ...(name !== undefined && { name }),
    ...(destination_url !== undefined && {
      destinationUrl: checkDestination(destination_url, rules, `${pathPrefix}destination_url`),
    }),
    ...(is_active !== undefined && { isActive: is_active }),
    ...(expires_at !== undefined && { expiresAt: expires_at }),
    ...(fallback_url !== undefined && {
      fallbackUrl: fallback_url === null ? null : checkDestination(fallback_url, rules, `${pathPrefix}fallback_url`),
    }),
    ...(tags !== undefined && { tags: [...new Set(tags)] }),
    ...(folder !== undefined && { folder }),
    ...(max_scans !== undefined && { maxScans: max_scans }),
    ...toRoutingColumns(body, rules, pathPrefix),
  };
}

/** Throws `plan_limit` when fields hold rules or variants, which the plan does not include; none are always allowed. */
export function requirePlanFor({ rules, variants }: RoutingColumns, plan: PlanName): void {
  if (plans[plan].advanced) return;
  const wanted = [...(rules?.length ? ["rules"] : []), ...(variants?.length ? ["variants"] : [])].join(" and ");
  if (wanted === "") return;
  const larger = smallestPlan((other) => other.advanced);
  throw new ApiError("plan_limit", `The plan ${plan} does not include ${wanted}; the plan ${larger} does.`);
}
