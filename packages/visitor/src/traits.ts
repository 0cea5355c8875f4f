// The traits of a client: all that a scan keeps of its user agent and its list of languages, which go no further, onto
// no disk and into no stream.
import type { BotClass } from "@qrfactory/domain/events";
import { preferredLanguage } from "@qrfactory/domain/http/preferred-language";
import { memoise } from "./memo.js";
import { type Client, readUserAgent } from "./user-agent.js";

/** Traits of a client as a scan keeps them. */
export type Traits = Pick<Client, "device" | "os" | "browser"> & {
  /** The language wanted most without its region, e.g. `de` of `de-AT,en;q=0.5`; null when none is named. */
  language: string | null;
  bot_class: BotClass | null;
};

/** Phones send few different headers, and taking one apart takes longer than all rules of a code. */
const languagesMax = 1_000;

/** The language wanted most, as `preferredLanguage` says; the same header is read once. */
export const readLanguage = memoise(preferredLanguage, languagesMax);

const primaryLanguage = memoise((header) => readLanguage(header).split("-", 1)[0] || null, languagesMax);

/** Kind of machine that a scan is of; null for a person who has really asked. Only these are counted. */
export const botClassOf = ({ botClass }: Pick<Client, "botClass">, isPrefetch: boolean): BotClass | null =>
  botClass ?? (isPrefetch ? "prefetch" : null);

/** Derives the traits of a client from its headers `User-Agent` and `Accept-Language`. */
export function traitsOf(userAgent: string, acceptLanguage: string, isPrefetch: boolean): Traits {
  const client = readUserAgent(userAgent);
  const { device, os, browser } = client;
  const bot_class = botClassOf(client, isPrefetch);
  return { device, os, browser, language: primaryLanguage(acceptLanguage), bot_class };
}
