// Values of filters: how scans spell what people may write in other ways, and which values no scan can have.

import { devices, systems } from "@qrfactory/codes/routing/routing-input";
import { isCountry } from "@qrfactory/domain/countries";
import { botClasses, servedKinds } from "@qrfactory/domain/events";
import { useOneOf } from "@qrfactory/domain/http/suggest";
import { type ScanDimension, unknownKey } from "@qrfactory/domain/reports";

const lower = (value: string) => value.toLowerCase();

const anotherWordForPhone = "mobile";

/** As rules do; other dimensions are matched as they are written. */
const spellings: Partial<Record<ScanDimension, (value: string) => string>> = {
  country: (code) => (lower(code) === unknownKey ? unknownKey : code.toUpperCase()),
  device: (name) => (lower(name) === anotherWordForPhone ? "phone" : lower(name)),
  os: (name) => systems.find((system) => lower(system) === lower(name)) ?? name,
  language: lower,
  referrer: lower,
  bot_class: lower,
  served: lower,
};

/** The spelling of a value in the rows. */
export const spellValue = (dimension: ScanDimension, value: string): string => spellings[dimension]?.(value) ?? value;

/** Languages in which people name countries and languages, the likeliest first. */
const namedIn = ["en", "de", "fr", "es", "it", "nl", "pt", "pl"];
const letters = [..."abcdefghijklmnopqrstuvwxyz"];
const pairs = letters.flatMap((first) => letters.map((second) => first + second));

/** Name in lower case → code, of whatever `Intl` has names for; made when first asked for. */
function codesByName(type: "region" | "language", codes: string[]): () => Map<string, string> {
  let known: Map<string, string> | undefined;
  return () => {
    if (known) return known;
    known = new Map();
    for (const language of namedIn) {
      const display = new Intl.DisplayNames(language, { type, fallback: "none" });
      for (const code of codes) {
        const name = lower(display.of(code) ?? "");
        if (name !== "" && !known.has(name)) known.set(name, code);
      }
    }
    return known;
  };
}

const countryNames = codesByName("region", pairs.map((pair) => pair.toUpperCase()).filter(isCountry));
const languageNames = codesByName("language", pairs);

const oneOf = (words: readonly string[]) => (value: string) => (words.includes(value) ? null : useOneOf(value, words));

/** Why no scan can have a value as it is spelled; null when one may. Others than these are free texts. */
const complaints: Partial<Record<ScanDimension, (value: string) => string | null>> = {
  country(value) {
    if (value === unknownKey || isCountry(value)) return null;
    const code = value === "UK" ? "GB" : countryNames().get(lower(value));
    return code ? `Use ${code}.` : "Use the two letters of ISO 3166-1, such as AT, or unknown.";
  },
  language(value) {
    if (value === unknownKey || /^[a-z]{2,3}$/.test(value)) return null;
    const code = languageNames().get(value) ?? /^([a-z]{2,3})[-_]/.exec(value)?.[1];
    return code ? `Use ${code}; regions are not kept.` : "Use the letters of ISO 639, such as de, or unknown.";
  },
  device: oneOf([...devices.filter((device) => device !== anotherWordForPhone), unknownKey]),
  bot_class: oneOf([...botClasses, unknownKey]),
  served: oneOf(servedKinds),
  referrer(value) {
    const host = /^https?:\/\/([^/?#]+)/.exec(value)?.[1] ?? /^([^/]+)\//.exec(value)?.[1];
    return host ? `Use the host alone: ${host}.` : null;
  },
};

/** Characters of a value that a sentence repeats. */
const shownMax = 60;

/** A sentence about the first value that no scan can have, in the words that were sent; null when each may match. */
export function complainOf(dimension: ScanDimension, values: readonly string[]): string | null {
  const judge = complaints[dimension];
  for (const value of judge ? values : []) {
    const complaint = judge?.(spellValue(dimension, value));
    if (complaint) return `${JSON.stringify(value.slice(0, shownMax))} matches no scan. ${complaint}`;
  }
  return null;
}
