// Where a printed code may send people. The parsed address is judged, not its spelling, because that is what a phone
// will follow; only what the parser would silently drop is looked for in the text itself.

import ipaddr from "ipaddr.js";
import { refusedField } from "./http/errors.js";
import { parseUrl } from "./http/parse-url.js";
import { lengthsMax, tooLongFor } from "./limits.js";
import { specialPurposeOf } from "./network/special-purpose.js";

/** Control, format (bidirectional, zero-width) and unassigned characters: invisible, or stripped by the URL parser. */
const invisible = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Names that never leave a private network (RFC 6761, RFC 6762, RFC 8375, and `internal` as reserved by ICANN). */
const privateNames = /(^|\.)(localhost|local|internal|home\.arpa)$/;

/** Facts of an installation that decide which addresses are allowed. */
export type DestinationRules = {
  /** Hosts of this very service in lower case, with a port where only that port is ours: codes must not form loops. */
  ownHosts: readonly string[];
};

/** The normal form (`href`) of an allowed http or https address; throws `url_refused` that says what is wrong. */
export function checkDestination(text: string, rules: DestinationRules, field = "destination_url"): string {
  const refusal = findRefusal(text, rules);
  if (refusal) throw refusedField("url_refused", field, refusal);
  return new URL(text).href;
}

function findRefusal(text: string, { ownHosts }: DestinationRules): string | null {
  if (text.length > lengthsMax.webAddress) return tooLongFor(lengthsMax.webAddress);
  if (invisible.test(text)) return "Remove the control or invisible characters.";
  const url = parseUrl(text);
  if (url === null) return "Use an absolute address such as https://example.com/page.";
  if (url.protocol !== "http:" && url.protocol !== "https:")
    return "Use an address that starts with https:// or http://.";
  if (url.username !== "" || url.password !== "") return "Remove the user name and password from the address.";
  if (url.href.length > lengthsMax.webAddress) return `Use at most ${lengthsMax.webAddress} characters once encoded.`;
  const host = url.hostname.replace(/\.$/, "");
  if (ownHosts.some((own) => own === host || own === `${host}:${url.port}`))
    return "A code cannot lead to this service itself.";
  return hostRefusal(host);
}

/**
 * Why a host, a name or an address in any spelling that URLs allow, is not a public one; null when it is. A public name
 * may still resolve to a private address: see `addressRefusal`.
 */
export function hostRefusal(host: string): string | null {
  const literal = host.replace(/^\[|\]$/g, "");
  if (ipaddr.isValid(literal)) return addressRefusal(literal);
  if (!host.includes(".") || privateNames.test(host)) return "Use a public host name such as example.com.";
  return null;
}

/** Why an IP address is not that of a public host (loopback, private, link-local, reserved …); null when it is. */
export function addressRefusal(address: string): string | null {
  const special = specialPurposeOf(address);
  return special && `Use a public address; ${address} is ${special}.`;
}
