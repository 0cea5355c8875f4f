// Request bodies of dynamic codes, for creation, edits, and creation with an image in one call. Derived from the table
// of fields.

import type { KeyScope } from "@qrfactory/domain/access/key-scopes";
import type { DestinationRules } from "@qrfactory/domain/destination";
import { ApiError } from "@qrfactory/domain/http/errors";
import { type PlanName, plans, smallestPlan } from "@qrfactory/domain/plan/plans";
import { z } from "zod";
import { requireDistinctIds } from "../routing/routing-ids.js";
import { newShortIdField } from "../short-id.js";
import { type CodeFields, codeFields, type FieldName, fieldList } from "./fields.js";

type Fields = typeof codeFields;
type RequiredName = { [Name in FieldName]: Fields[Name] extends { default: unknown } ? never : Name }[FieldName];
type OptionalFields<Name extends FieldName> = { [Each in Name]: z.ZodOptional<Fields[Each]["schema"]> };
type RequiredFields = { [Name in RequiredName]: Fields[Name]["schema"] };

const optionalFields = <Name extends FieldName>(isWanted: (row: object) => boolean) =>
  Object.fromEntries(
    Object.entries(codeFields).flatMap(([name, row]) => (isWanted(row) ? [[name, row.schema.optional()]] : [])),
  ) as unknown as OptionalFields<Name>;

const requiredFields = Object.fromEntries(
  Object.entries(codeFields).flatMap(([name, row]) => ("default" in row ? [] : [[name, row.schema]])),
) as unknown as RequiredFields;

/** Body of a creation. */
export const createCodeBody = z.strictObject({
  ...requiredFields,
  short_id: newShortIdField.optional(),
  ...optionalFields<Exclude<FieldName, RequiredName>>((row) => "default" in row),
});

/** Body of an edit. */
export const updateCodeBody = z.strictObject(optionalFields<FieldName>(() => true));

/**
 * The columns that a checked body sets, all but those of secrets; throws `url_refused` for an address that is not
 * allowed and `validation_failed` for two rules or variants of one id, under `pathPrefix`.
 */
export function toFields(body: z.output<typeof updateCodeBody>, rules: DestinationRules, pathPrefix = ""): CodeFields {
  requireDistinctIds(body, pathPrefix);
  const sent = fieldList.filter(({ name, isSecret }) => body[name] !== undefined && !isSecret);
  return Object.fromEntries(
    sent.map(({ name, property, read }) => [
      property,
      read ? read(body[name], { rules, path: pathPrefix + name }) : body[name],
    ]),
  );
}

/** Rights of the caller: the plan of the workspace, and the scopes of a key (people have none). */
export type Setter = { plan: PlanName; scopes?: readonly KeyScope[] | undefined };

/**
 * Throws `plan_limit` when fields have values that the plan does not include (none of something is always allowed), and
 * `forbidden` for a key without the scope that setting one of them takes.
 */
export function requireAllowed(fields: CodeFields, { plan, scopes }: Setter): void {
  const set = fieldList.filter(({ property }) => fields[property] !== undefined);
  const missing = set.find(({ scope }) => scopes && !scopes.includes(scope));
  if (missing) throw new ApiError("forbidden", `This needs an API key with the scope ${missing.scope}.`);
  const refused = set.filter((row) => row.plan?.isNeeded(fields[row.property]) && !row.plan.includes(plans[plan]));
  if (refused.length === 0) return;
  const names = refused.map(({ name }) => name).join(" and ");
  const larger = smallestPlan((other) => refused.every((row) => row.plan?.includes(other)));
  throw new ApiError("plan_limit", `The plan ${plan} does not include ${names}; the plan ${larger} does.`);
}
