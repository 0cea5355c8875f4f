// Input schemas of routing: rules, variants, campaign parameters, apps. Kept as they were sent, with every address in
// its normal form; to-routing.ts makes the published form of them.

import { isCountry } from "@qrfactory/domain/countries";
import { checkDestination } from "@qrfactory/domain/destination";
import { rulesMax, variantsMax } from "@qrfactory/domain/events";
import { invalidField, refusedField } from "@qrfactory/domain/http/errors";
import { languageTagPattern } from "@qrfactory/domain/http/preferred-language";
import { useOneOf } from "@qrfactory/domain/http/suggest";
import { listOf, numberFrom } from "@qrfactory/domain/http/validate";
import { findZone } from "@qrfactory/domain/local-time";
import { z } from "zod";
import type { ReadContext } from "../fields/field.js";
import { appLinkRefusal, isWebAddress } from "./app-links.js";
import { minutesInDay, type Routing, rulesLengthMax, variantsMin, weightMax } from "./routing.js";
import { minuteOf } from "./rules.js";

/** Values of one list; there are some 250 countries. */
const valuesMax = 300;

/** One value or a list of them, each judged by itself. */
const oneOrMore = (isKnown: (value: string) => boolean, say: (unknown: unknown) => string) => {
  const value = z.string().refine(isKnown);
  const isOther = (one: unknown) => typeof one !== "string" || !isKnown(one);
  const error = ({ input }: { input?: unknown }) => say(Array.isArray(input) ? input.find(isOther) : input);
  return z.union([value, listOf(value, { min: 1, max: valuesMax })], { error }).optional();
};

/** As packages/visitor tells devices apart; people say `mobile` for a phone. */
export const devices = ["phone", "mobile", "tablet", "desktop", "tv", "console", "wearable", "other"];
/** Families as packages/visitor names them; in any case. */
export const systems = [
  ...["iOS", "Android", "HarmonyOS", "KaiOS", "Windows Phone", "BlackBerry", "Windows", "macOS", "Linux", "ChromeOS"],
  ...["Tizen", "webOS", "PlayStation", "Xbox", "Nintendo", "FreeBSD", "OpenBSD", "NetBSD", "Solaris", "Fuchsia"],
];

/** Days of a week as the API spells them; the index is the bit of a published rule, Monday 0. */
export const weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/** Values of a list, in any case. */
const someOf = (list: readonly string[]) => {
  const known = new Set(list.map((name) => name.toLowerCase()));
  return oneOrMore(
    (value) => known.has(value.toLowerCase()),
    (unknown) => useOneOf(unknown, list),
  );
};

const moment = z.iso.datetime({ offset: true, error: "Use an RFC 3339 moment such as 2026-12-31T23:59:59Z." });

const hours = z.string().refine((text) => {
  const [start, end, ...more] = text.split("-").map(minuteOf);
  return more.length === 0 && start != null && end != null && start !== end && start < minutesInDay;
}, "Use a span such as 09:00-17:30; 22:00-02:00 goes over midnight.");

/** Fields of `when` that ask something; a time zone alone does not. */
const when = z
  .strictObject({
    country: oneOrMore(
      (code) => isCountry(code.toUpperCase()),
      () => "Use ISO 3166-1 codes of two letters such as AT or GB.",
    ),
    language: oneOrMore(
      (tag) => languageTagPattern.test(tag),
      () => "Use language tags such as de or pt-BR.",
    ),
    device: someOf(devices),
    os: someOf(systems),
    from: moment.optional(),
    until: moment.optional(),
    days: someOf(weekdays),
    hours: hours.optional(),
    timezone: z
      .string()
      .refine((name) => findZone(name) !== null, "Use a time zone of IANA's list such as Europe/Vienna.")
      .optional(),
  })
  .refine(({ timezone: _timezone, ...conditions }) => Object.values(conditions).some((value) => value !== undefined), {
    error: "Name at least one condition; what is always true belongs into destination_url.",
  })
  .refine(({ from, until }) => from === undefined || until === undefined || Date.parse(from) < Date.parse(until), {
    path: ["until"],
    error: "Must be later than from.",
  });

/** Judged by domain/destination, which has better words than a schema. */
export const addressField = z.string();

/** The word for no rule and no variant in reports. */
const noId = "unknown";

/** Given by the server where none is sent; see routing-ids.ts. */
const idField = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, "Use 1 to 64 of the characters A-Z, a-z, 0-9, _ and -.")
  .refine((id) => id !== noId, `Choose another id: reports say ${noId} where there is none.`)
  .optional();

/** A rule as clients send it. */
export const rule = z.strictObject({ id: idField, when, destination_url: addressField });
/** A variant as clients send it. */
export const variant = z.strictObject({
  id: idField,
  destination_url: addressField,
  weight: numberFrom(0, weightMax),
});

const variantsCount = `Use ${variantsMin} to ${variantsMax} variants, or none.`;

const utmValue = z
  .string()
  .min(1, "Leave it out or say something.")
  .max(200, "Use at most 200 characters.")
  .refine((text) => !/\p{Cc}|\p{Cs}/u.test(text), "Remove the control characters.");

/** Schema of campaign parameters, at least one of the five. */
export const utmField = z
  .strictObject({
    source: utmValue.optional(),
    medium: utmValue.optional(),
    campaign: utmValue.optional(),
    term: utmValue.optional(),
    content: utmValue.optional(),
  })
  .refine((value) => Object.keys(value).length > 0, "Name at least one of source, medium, campaign, term and content.");

/** Schema of the addresses that open an app, by system. */
export const appLinksField = z
  .strictObject({ ios: addressField.optional(), android: addressField.optional() })
  .refine((value) => Object.keys(value).length > 0, "Name ios, android, or both.");

/** Schema of the rules of a code, in the order in which they are tried. */
export const rulesField = listOf(rule, { max: rulesMax, message: `Use at most ${rulesMax} rules.` });
/** Schema of the variants of a code: none, or at least two, with one weight above 0 among them. */
export const variantsField = listOf(variant, { max: variantsMax, message: variantsCount })
  .refine(({ length }) => length === 0 || length >= variantsMin, variantsCount)
  .refine((all) => all.length === 0 || all.some(({ weight }) => weight > 0), "Give a weight to at least one.");

/** A rule as it was sent and is kept. */
export type RuleInput = z.output<typeof rule>;
/** A variant as it was sent and is kept. */
export type VariantInput = z.output<typeof variant>;
/** Campaign parameters as they were sent and are kept. */
export type UtmInput = z.output<typeof utmField>;
/** Addresses of apps as they were sent and are kept. */
export type AppLinksInput = z.output<typeof appLinksField>;
/** Addresses of apps as they are published. */
export type AppLinks = NonNullable<Routing["apps"]>;

/** The lists of an edit whose items have ids. */
export type RoutingLists = { rules?: RuleInput[] | undefined; variants?: VariantInput[] | undefined };

const readEach = <Item extends { destination_url: string }>(items: Item[], { rules, path }: ReadContext): Item[] =>
  items.map((item, index) => ({
    ...item,
    destination_url: checkDestination(item.destination_url, rules, `${path}.${index}.destination_url`),
  }));

/**
 * Rules with addresses in their normal form; throws `url_refused` for one that is not allowed, and `validation_failed`
 * when they are longer than a row of the table has room for.
 */
export function readRules(sent: RuleInput[], context: ReadContext): RuleInput[] {
  const rules = readEach(sent, context);
  if (JSON.stringify(rules.map(({ id: _id, ...said }) => said)).length <= rulesLengthMax) return rules;
  throw invalidField(context.path, `Use at most ${rulesLengthMax} characters for all rules together.`);
}

/** Variants with addresses in their normal form; throws `url_refused` for one that is not allowed. */
export const readVariants = (sent: VariantInput[], context: ReadContext): VariantInput[] => readEach(sent, context);

/** Addresses that open an app, web addresses among them in their normal form; throws `url_refused`. */
export function readAppLinks(sent: AppLinksInput | null, { rules, path }: ReadContext): AppLinks | null {
  const read = (link: string, system: keyof AppLinks) => {
    if (isWebAddress(link)) return checkDestination(link, rules, `${path}.${system}`);
    const refusal = appLinkRefusal(link);
    if (refusal === null) return link;
    throw refusedField("url_refused", `${path}.${system}`, refusal);
  };
  return (
    sent && {
      ...(sent.ios !== undefined && { ios: read(sent.ios, "ios") }),
      ...(sent.android !== undefined && { android: read(sent.android, "android") }),
    }
  );
}
