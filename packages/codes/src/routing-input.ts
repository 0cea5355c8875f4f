// What clients may say of the ways on from a dynamic code: rules, variants, campaign parameters, apps. Kept as it was
// said, with every address in its normal form; `toRouting` makes of it what is published.

import { isCountry } from "@qrfactory/domain/countries";
import { checkDestination, type DestinationRules } from "@qrfactory/domain/destination";
import { rulesMax, variantsMax } from "@qrfactory/domain/events";
import { invalidField, refusedField } from "@qrfactory/domain/http/errors";
import { languageTagPattern } from "@qrfactory/domain/http/preferred-language";
import { useOneOf } from "@qrfactory/domain/http/suggest";
import { listOf, numberFrom } from "@qrfactory/domain/http/validate";
import { findZone } from "@qrfactory/domain/local-time";
import { z } from "zod";
import { appLinkRefusal, isWebAddress } from "./app-links.js";
import { minutesInDay, rulesLengthMax, variantsMin, weightMax } from "./routing.js";
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

const rule = z.strictObject({ id: idField, when, destination_url: addressField });
const variant = z.strictObject({
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
const utm = z
  .strictObject({
    source: utmValue.optional(),
    medium: utmValue.optional(),
    campaign: utmValue.optional(),
    term: utmValue.optional(),
    content: utmValue.optional(),
  })
  .refine((value) => Object.keys(value).length > 0, "Name at least one of source, medium, campaign, term and content.");

const appLinks = z
  .strictObject({ ios: addressField.optional(), android: addressField.optional() })
  .refine((value) => Object.keys(value).length > 0, "Name ios, android, or both.");

/** The fields of a code that say how it leads on; each may be absent. */
export const routingFields = {
  rules: listOf(rule, { max: rulesMax, message: `Use at most ${rulesMax} rules.` }).optional(),
  variants: listOf(variant, { max: variantsMax, message: variantsCount })
    .refine(({ length }) => length === 0 || length >= variantsMin, variantsCount)
    .refine((all) => all.length === 0 || all.some(({ weight }) => weight > 0), "Give a weight to at least one.")
    .optional(),
  forward_query: z.boolean().optional(),
  utm: utm.nullable().optional(),
  app_links: appLinks.nullable().optional(),
};

export type RuleInput = z.output<typeof rule>;
export type VariantInput = z.output<typeof variant>;
export type UtmInput = z.output<typeof utm>;
export type AppLinksInput = z.output<typeof appLinks>;
type RoutingInput = {
  [Field in keyof typeof routingFields]?: z.output<(typeof routingFields)[Field]> | undefined;
};

/** The columns that say how a code leads on; absent means unchanged. */
export type RoutingColumns = {
  rules?: RuleInput[];
  variants?: VariantInput[];
  forwardQuery?: boolean;
  utm?: UtmInput | null;
  appLinks?: AppLinksInput | null;
};

/** Throws `validation_failed` when rules are longer than a row of the table has room for. */
function checkLength(rules: RuleInput[], field: string): RuleInput[] {
  if (JSON.stringify(rules.map(({ id: _id, ...said }) => said)).length <= rulesLengthMax) return rules;
  throw invalidField(field, `Use at most ${rulesLengthMax} characters for all rules together.`);
}

/** Throws `validation_failed` when two rules or variants are sent with one id. */
function checkIds(input: RoutingInput, pathPrefix: string): void {
  const seen = new Map<string, string>();
  for (const name of ["rules", "variants"] as const) {
    input[name]?.forEach(({ id }, index) => {
      if (id === undefined) return;
      const path = `${name}.${index}`;
      const other = seen.get(id);
      if (other) throw invalidField(`${pathPrefix}${path}.id`, `${other} has the id ${id}, too; choose another.`);
      seen.set(id, path);
    });
  }
}

/** The columns that checked fields set; throws `url_refused` for an address that is not allowed, under `pathPrefix`. */
export function toRoutingColumns(input: RoutingInput, rules: DestinationRules, pathPrefix: string): RoutingColumns {
  const check = (url: string, path: string) => checkDestination(url, rules, pathPrefix + path);
  const checkEach = <Item extends { destination_url: string }>(items: Item[], name: string) =>
    items.map((item, index) => ({
      ...item,
      destination_url: check(item.destination_url, `${name}.${index}.destination_url`),
    }));
  const checkApp = (link: string, path: string) => {
    if (isWebAddress(link)) return check(link, path);
    const refusal = appLinkRefusal(link);
    if (refusal === null) return link;
    throw refusedField("url_refused", pathPrefix + path, refusal);
  };
  const { forward_query, utm: campaign, app_links } = input;
  checkIds(input, pathPrefix);
  return {
    ...(input.rules !== undefined && { rules: checkLength(checkEach(input.rules, "rules"), `${pathPrefix}rules`) }),
    ...(input.variants !== undefined && { variants: checkEach(input.variants, "variants") }),
    ...(forward_query !== undefined && { forwardQuery: forward_query }),
    ...(campaign !== undefined && { utm: campaign }),
    ...(app_links !== undefined && {
      appLinks: app_links && {
        ...(app_links.ios !== undefined && { ios: checkApp(app_links.ios, "app_links.ios") }),
        ...(app_links.android !== undefined && { android: checkApp(app_links.android, "app_links.android") }),
      },
    }),
  };
}
