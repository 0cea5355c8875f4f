// From a request to the record of its scan. Everything personal is cut or hashed here, before the record exists: the
// address to its network, the visitor to a keyed hash whose key changes every day (UTC).
import { createHmac, randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { ScanEvent } from "@qrfactory/domain/events";
import { clientAddress, makeAddressMatcher, networkOf } from "@qrfactory/domain/network";
import type { LiveRow } from "@qrfactory/replica/row-bytes";

export type ScanOptions = {
  region: string;
  visitorSecret: string;
  /** Networks whose `X-Forwarded-For` is believed. */
  trustedProxies: readonly string[];
  newId?: () => string;
};

/** Longest texts that a scan record holds, as `scanEvent` has them. */
const textLengthMax = 512;
const hostLengthMax = 255;
const visitorDigits = 16;
const dayMs = 86_400_000;

/** Makes the function that describes a scan of `row` answered at `at` (milliseconds since the epoch). */
export function makeDescribeScan(options: ScanOptions): (req: IncomingMessage, row: LiveRow, at: number) => ScanEvent {
  const { region, visitorSecret, newId = randomUUID } = options;
  const isTrusted = makeAddressMatcher(options.trustedProxies);
  let day = -1;
  let dayKey = Buffer.alloc(0);

  function visitorOf(address: string, userAgent: string, at: number): string {
    const today = Math.floor(at / dayMs);
    if (today !== day) {
      day = today;
      dayKey = createHmac("sha256", visitorSecret).update(`visitor ${today}`).digest();
    }
    return createHmac("sha256", dayKey).update(`${address}\n${userAgent}`).digest("hex").slice(0, visitorDigits);
  }

  return function describeScan(req, row, at) {
    const { headers } = req;
    // Node joins repeated X-Forwarded-For headers with commas; the type allows an array only for Set-Cookie's sake.
    const address = clientAddress(req.socket.remoteAddress ?? "", text(headers["x-forwarded-for"]), isTrusted);
    const userAgent = printable(headers["user-agent"]);
    return {
      id: newId(),
      at,
      code_id: row.id,
      workspace_id: row.workspaceId,
      version: row.version,
      region,
      network: networkOf(address),
      visitor: visitorOf(address, userAgent, at),
      user_agent: userAgent,
      language: printable(headers["accept-language"]),
      referrer_host: hostOf(headers.referer),
    };
  };
}

const text = (header: string | string[] | undefined) => (Array.isArray(header) ? header.join(",") : header);

/** A header without control characters, cut to what a record holds. */
function printable(header: string | undefined): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is the purpose
  return (header ?? "").slice(0, textLengthMax).replace(/[\x00-\x1f\x7f-\x9f]/g, " ");
}

/** The host of a referring page, without port and path; empty when there is none. */
function hostOf(referrer: string | undefined): string {
  if (!referrer || !/^https?:\/\//i.test(referrer) || !URL.canParse(referrer)) return "";
  return new URL(referrer).hostname.slice(0, hostLengthMax);
}
