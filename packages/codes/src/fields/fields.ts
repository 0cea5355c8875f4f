// The fields of a dynamic code that clients set: one table, from which the bodies of requests, the columns that are
// written, answers, versions, scheduled changes, the CSV export, the published row and the checks of plan and scope all
// follow. Another field is a row here, a migration with its line in schema.prisma, and a test.
import { checkDestination } from "@qrfactory/domain/destination";
import { listOf, nameField, storable } from "@qrfactory/domain/http/validate";
import { lengthsMax, tooLongFor } from "@qrfactory/domain/limits";
import { momentField } from "@qrfactory/domain/moment";
import type { Plan } from "@qrfactory/domain/plan/plans";
import { z } from "zod";
import { usedMax } from "../published/published.js";
import { nameRouting } from "../routing/routing-ids.js";
import {
  addressField,
  appLinksField,
  readAppLinks,
  readRules,
  readVariants,
  rule,
  rulesField,
  utmField,
  variant,
  variantsField,
} from "../routing/routing-input.js";
import { campaignOf, publishedRule, publishedVariant } from "../routing/to-routing.js";
import { type CamelCase, camelCase, type FieldRow, field, type ReadContext } from "./field.js";

/** The folder of a code in the dashboard; null is none. */
const folderField = storable
  .trim()
  .min(1, "Give the folder a name, or use null for none.")
  .max(lengthsMax.folder, tooLongFor(lengthsMax.folder));

const notesLengthMax = 2_000;
/** Free text for the team, line breaks included. */
const notesField = storable.max(notesLengthMax, tooLongFor(notesLengthMax));

const tagsField = listOf(storable.trim().min(1).max(lengthsMax.tag), { max: 20, message: "Use at most 20 tags." });

/** A PostgreSQL `integer`. */
const scansMax = 2_147_483_647;

const maxScansField = z.int("Use a whole number.").min(1, "Use 1 or more, or null for no limit.").max(scansMax);

/** Typed on phones, so shorter than one of an account; guesses are counted where it is asked for. */
const passwordField = z
  .string()
  .min(4, "Use at least 4 characters.")
  .max(lengthsMax.secret, tooLongFor(lengthsMax.secret));

const readAddress = (url: string, { rules, path }: ReadContext) => checkDestination(url, rules, path);

const advanced = { includes: (plan: Plan) => plan.advanced, isNeeded: (list: readonly unknown[]) => list.length > 0 };

/** Wire name → what is known of the field, in the order of answers and of the CSV export. */
export const codeFields = {
  name: field({ schema: nameField("Give the code a name."), column: "text" }),
  destination_url: field({
    schema: addressField,
    column: "text",
    read: readAddress,
    publish: (destination_url) => ({ destination_url }),
  }),
  fallback_url: field({
    schema: addressField.nullable(),
    column: "text",
    default: null,
    read: (url, context) => (url === null ? null : readAddress(url, context)),
    publish: (fallback_url) => ({ fallback_url }),
  }),
  is_active: field({
    schema: z.boolean(),
    column: "boolean",
    default: true,
    publish: (is_active) => ({ is_active }),
  }),
  expires_at: field({
    schema: momentField.nullable(),
    column: "timestamptz",
    default: null,
    answer: z.iso.datetime().nullable(),
    show: (moment) => moment?.toISOString() ?? null,
    publish: (moment) => ({ expires_at: moment?.toISOString() ?? null }),
  }),
  max_scans: field({
    schema: maxScansField.nullable(),
    column: "integer",
    default: null,
    publish: (max, { scanCount }) =>
      max === null ? {} : { limit: { max, used: Math.min(Number(scanCount), usedMax) } },
  }),
  password: field({
    schema: passwordField.nullable(),
    column: "text",
    default: null,
    property: "passwordHash",
    isSecret: true,
    shownAs: "password_protected",
    answer: z.boolean(),
    show: (hash) => hash !== null,
    route: (hash) => (hash === null ? {} : { password: hash }),
  }),
  rules: field({
    schema: rulesField,
    column: "jsonb",
    default: [],
    read: readRules,
    answer: z.array(rule.required({ id: true })),
    show: (_rules, row) => nameRouting(row).rules,
    route: (rules) => (rules.length > 0 ? { rules: rules.map(publishedRule) } : {}),
    plan: advanced,
  }),
  variants: field({
    schema: variantsField,
    column: "jsonb",
    default: [],
    read: readVariants,
    answer: z.array(variant.required({ id: true })),
    show: (_variants, row) => nameRouting(row).variants,
    route: (variants) => (variants.length > 0 ? { variants: variants.map(publishedVariant) } : {}),
    plan: advanced,
  }),
  forward_query: field({
    schema: z.boolean(),
    column: "boolean",
    default: false,
    route: (isForwarded) => (isForwarded ? { query: true } : {}),
  }),
  utm: field({
    schema: utmField.nullable(),
    column: "jsonb",
    default: null,
    route: (utm) => (utm === null ? {} : { utm: campaignOf(utm) }),
  }),
  app_links: field({
    schema: appLinksField.nullable(),
    column: "jsonb",
    default: null,
    read: readAppLinks,
    route: (links) => (links === null ? {} : { apps: links }),
  }),
  tags: field({ schema: tagsField, column: "text[]", default: [], read: (tags) => [...new Set(tags)] }),
  folder: field({ schema: folderField.nullable(), column: "text", default: null }),
  notes: field({ schema: notesField.nullable(), column: "text", default: null }),
};

/** Name of a field on the wire. */
export type FieldName = keyof typeof codeFields;
type Row<Name extends FieldName> = (typeof codeFields)[Name];
type PropertyOf<Name extends FieldName> =
  Row<Name> extends { property: infer Given extends string } ? Given : CamelCase<Name>;
type KeptOf<Name extends FieldName> = Row<Name> extends FieldRow<infer _Sent, infer Kept> ? Kept : never;

/** Values of all fields of a code, by property. */
export type CodeValues = { [Name in FieldName as PropertyOf<Name>]: KeptOf<Name> };

/** Properties of the fields whose row in the table has a member, such as `route`, or one of a value. */
export type PropertiesWith<Member extends object> = {
  [Name in FieldName]: Row<Name> extends Member ? PropertyOf<Name> : never;
}[FieldName];

/** Values that a client sets; absent means unchanged, or the default at creation. */
export type CodeFields = Partial<CodeValues>;

/** A row of the table with its names; its values are as varied as the fields, so their types are left out. */
export type NamedField = Omit<FieldRow<unknown, unknown>, "property" | "shownAs" | "schema" | "read"> & {
  name: FieldName;
  property: keyof CodeValues;
  shownAs: string;
  schema: z.ZodType;
  // biome-ignore lint/suspicious/noExplicitAny: a value is read by the row whose schema has checked it
  read?: (sent: any, context: ReadContext) => unknown;
};

/** All rows of the table in their order. */
export const fieldList: readonly NamedField[] = Object.entries(codeFields).map(([name, row]) => ({
  shownAs: name,
  property: camelCase(name),
  ...(row as object),
  name: name as FieldName,
})) as unknown as NamedField[];
