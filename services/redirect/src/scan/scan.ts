// From a request to the record of its scan. Everything personal is cut, hashed or left behind here, before the record
// exists: the address becomes its network, the visitor a keyed hash whose key changes every day (UTC), the user agent
// and the languages become traits.

import { createHmac, hash, randomUUID } from "node:crypto";
import type { LiveRow } from "@qrfactory/codes/published/row-bytes";
import type { Decision } from "@qrfactory/codes/routing/route";
import { dayMs } from "@qrfactory/domain/duration";
import type { ScanEvent } from "@qrfactory/domain/events";
import { parseUrl } from "@qrfactory/domain/http/parse-url";
import { lengthsMax } from "@qrfactory/domain/limits";
import { clientAddress, makeAddressMatcher, networkOf } from "@qrfactory/domain/network/network";
import { traitsOf } from "@qrfactory/visitor/traits";
import { cutHeader } from "./headers.js";
import { isTimely, readStamp, type Stamp } from "./stamp.js";

/** The parts of a request that describe a scan: the address of the peer and some headers, of any length. */
export type ScanRequest = {
  peer: string;
  forwardedFor?: string | undefined;
  userAgent?: string | undefined;
  language?: string | undefined;
  referrer?: string | undefined;
  /** `Sec-Purpose` or a forerunner of it says that nobody has tapped yet. */
  isPrefetch?: boolean;
  /** Headers of a gateway; see stamp.ts. */
  scanId?: string | undefined;
  scanAt?: string | undefined;
  /** Query of the address without its `?`, as it came. */
  query?: string | undefined;
};

/**
 * The sender of a request, read once: for the rules of a code and for the record of the scan. Every text is cut to its
 * limit (see headers.ts). Lives as long as its answer.
 */
export type Scanner = {
  address: string;
  /** The address's network, all that a record may hold of it. */
  network: string;
  userAgent: string;
  /** `Accept-Language`. */
  language: string;
  referrer: string;
  isPrefetch: boolean;
  /** Not cut: one that is too long is not passed on at all. */
  query: string;
  /** Of a trusted gateway. */
  stamp: Stamp | null;
};

/** Makes the reader of requests; `trustedProxies` are networks whose `X-Forwarded-For` and stamps are believed. */
export function makeReadScanner(trustedProxies: readonly string[]): (request: ScanRequest) => Scanner {
  const isTrusted = makeAddressMatcher(trustedProxies);
  return function readScanner(request) {
    const address = clientAddress(request.peer, request.forwardedFor, isTrusted);
    return {
      address,
      network: networkOf(address),
      userAgent: printable(cutHeader("userAgent", request.userAgent)),
      language: printable(cutHeader("acceptLanguage", request.language)),
      referrer: cutHeader("referrer", request.referrer),
      isPrefetch: request.isPrefetch ?? false,
      query: request.query ?? "",
      stamp: request.scanId !== undefined && isTrusted(request.peer) ? readStamp(request.scanId, request.scanAt) : null,
    };
  };
}

/** Region of the records, and the secret that keys the hashes of visitors. */
export type ScanOptions = {
  region: string;
  visitorSecret: string;
  newId?: () => string;
};

const visitorDigits = 16;

/** The answer to a scan, and the index of its rule or variant, if any. */
export type Led = Pick<Extract<Decision, { kind: "leads" }>, "served" | "rule" | "variant">;

/** The answers of a code with one destination. */
export const ledToDestination: Led = { served: "destination", rule: null, variant: null };
/** A scan of a paused or expired code that was sent to its fallback. */
export const ledToFallback: Led = { served: "fallback", rule: null, variant: null };

/**
 * Describes a scan of `row` answered at `at` (milliseconds since the epoch, by our own clock). Id and time are those of
 * the gateway's stamp where there is one.
 */
export type DescribeScan = (scanner: Scanner, row: LiveRow, at: number, led: Led) => ScanEvent;

/** Makes the describer; its key of visitors changes daily. */
export function makeDescribeScan({ region, visitorSecret, newId = randomUUID }: ScanOptions): DescribeScan {
  let day = -1;
  let dayKey = "";

  /** A keyed hash; it is cut to a quarter, so it cannot be continued with a longer message as whole SHA-256 can. */
  function visitorOf(address: string, userAgent: string, at: number): string {
    const today = Math.floor(at / dayMs);
    if (today !== day) {
      day = today;
      dayKey = createHmac("sha256", visitorSecret).update(`visitor ${today}`).digest("hex");
    }
    return hash("sha256", `${dayKey}\n${address}\n${userAgent}`, "hex").slice(0, visitorDigits);
  }

  return function describeScan(scanner, row, answeredAt, { served, rule, variant }) {
    const { address, network, userAgent } = scanner;
    const { device, os, browser, language, bot_class } = traitsOf(userAgent, scanner.language, scanner.isPrefetch);
    const stamp = scanner.stamp !== null && isTimely(scanner.stamp, answeredAt) ? scanner.stamp : null;
    const at = stamp?.at ?? answeredAt;
    const scan: ScanEvent = {
      id: stamp?.id ?? newId(),
      at,
      code_id: row.id,
      workspace_id: row.workspaceId,
      version: row.version,
      region,
      network,
      visitor: visitorOf(address, userAgent, at),
      device,
      os,
      browser,
      language,
      referrer_host: hostOf(scanner.referrer),
      bot_class,
      served,
    };
    if (variant !== null) scan.variant = variant;
    if (rule !== null) scan.rule = rule;
    return scan;
  };
}

/** A header without control characters. */
function printable(text: string): string {
  return controls.test(text) ? text.replace(allControls, " ") : text;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is the purpose
const controls = /[\x00-\x1f\x7f-\x9f]/;
const allControls = new RegExp(controls, "g");

/** The host of a referring page, without port and path; empty when there is none. */
function hostOf(referrer: string): string {
  if (!/^https?:\/\//i.test(referrer)) return "";
  return parseUrl(referrer)?.hostname.slice(0, lengthsMax.host) ?? "";
}
