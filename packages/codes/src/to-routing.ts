// From the columns of a code, as clients wrote them, to what is published: words become numbers, moments and lists.
import { findZone } from "@qrfactory/domain/local-time";
import type { PublishedRule, Routing } from "./routing.js";
import { type RoutingColumns, type RuleInput, weekdays } from "./routing-input.js";
import { minuteOf } from "./rules.js";

/** The routing of a code; null when it leads to its destination and nowhere else. */
export function toRouting(columns: Required<RoutingColumns> & { passwordHash: string | null }): Routing | null {
  const { passwordHash, rules, variants, forwardQuery, utm, appLinks } = columns;
  const routing: Routing = {
    ...(passwordHash !== null && { password: passwordHash }),
    ...(rules.length > 0 && { rules: rules.map(publishedRule) }),
    ...(variants.length > 0 && {
      variants: variants.map(({ destination_url, weight }) => ({ url: destination_url, weight })),
    }),
    ...(forwardQuery && { query: true as const }),
    ...(utm && { utm: campaignOf(utm) }),
    ...(appLinks && { apps: appLinks as NonNullable<Routing["apps"]> }),
  };
  return Object.keys(routing).length > 0 ? routing : null;
}

function campaignOf(utm: NonNullable<RoutingColumns["utm"]>): string {
  return new URLSearchParams(
    Object.entries(utm).map(([name, value]): [string, string] => [`utm_${name}`, value]),
  ).toString();
}

const listOf = (value: string | string[]) => (Array.isArray(value) ? value : [value]);
const lowered = (value: string | string[]) => [...new Set(listOf(value).map((text) => text.toLowerCase()))];

function publishedRule({ when, destination_url }: RuleInput): PublishedRule {
  const { country, language, device, os, from, until, days, hours, timezone } = when;
  return {
    url: destination_url,
    ...(country !== undefined && { country: lowered(country).map((code) => code.toUpperCase()) }),
    ...(language !== undefined && { language: lowered(language) }),
    ...(device !== undefined && { device: lowered(device).map((name) => (name === "mobile" ? "phone" : name)) }),
    ...(os !== undefined && { os: lowered(os) }),
    ...(from !== undefined && { from: Date.parse(from) }),
    ...(until !== undefined && { until: Date.parse(until) }),
    ...(days !== undefined && { days: lowered(days).reduce((mask, day) => mask | (1 << weekdays.indexOf(day)), 0) }),
    ...(hours !== undefined && { hours: hours.split("-").map((text) => minuteOf(text) ?? 0) as [number, number] }),
    ...(timezone !== undefined && { zone: findZone(timezone) ?? "UTC" }),
  };
}
