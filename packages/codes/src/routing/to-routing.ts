// From the columns of a code, as clients wrote them, to what is published: words become numbers, moments and lists.
import { findZone } from "@qrfactory/domain/local-time";
import type { PublishedRule } from "./routing.js";
import { type RuleInput, type UtmInput, type VariantInput, weekdays } from "./routing-input.js";
import { minuteOf } from "./rules.js";

/** Campaign parameters as a query. */
export function campaignOf(utm: UtmInput): string {
  return new URLSearchParams(
    Object.entries(utm).map(([name, value]): [string, string] => [`utm_${name}`, value]),
  ).toString();
}

const listOf = (value: string | string[]) => (Array.isArray(value) ? value : [value]);
const lowered = (value: string | string[]) => [...new Set(listOf(value).map((text) => text.toLowerCase()))];

/** A rule as scans are decided by. */
export function publishedRule({ when, destination_url }: RuleInput): PublishedRule {
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

/** A variant as visitors draw it. */
export const publishedVariant = ({ destination_url, weight }: VariantInput) => ({ url: destination_url, weight });
