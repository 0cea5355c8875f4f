// Addresses of people: which address a request really comes from, and the network that is all we ever keep of it.

import ipaddr from "ipaddr.js";
import { LRUCache } from "lru-cache";

/** Whether an address is one of those meant; false for text that is no address. */
export type AddressMatcher = (address: string) => boolean;

/** Answers that a matcher remembers: proxies, of which there are few, ask again and again. */
const knownMax = 1_000;

/** Bits of an address that are kept: enough for a country and a provider, too little for a person. */
const keptBitsV4 = 24;
const keptBitsV6 = 48;

/** Proxies in a row that are looked through; more are a forgery. */
const hopsMax = 16;

/** Characters of `X-Forwarded-For` that are looked at, from its right end: so many addresses with ports and spaces. */
const forwardedLengthMax = 1_024;

/**
 * A function that tells whether an address lies in one of the networks, given as CIDR blocks or single addresses, e.g.
 * `10.0.0.0/8` or `::1`. An IPv4 address is found in its IPv6-mapped spelling too. Throws on anything else in the list.
 */
export function makeAddressMatcher(networks: readonly string[]): AddressMatcher {
  const ranges = networks.map(parseNetwork);
  const known = new LRUCache<string, boolean>({ max: knownMax });

  function matches(text: string): boolean {
    const address = parseAddress(text);
    if (!address) return false;
    return ranges.some(([network, bits]) => address.kind() === network.kind() && address.match(network, bits));
  }

  return (text) => {
    let isOne = known.get(text);
    if (isOne === undefined) {
      isOne = matches(text);
      known.set(text, isOne);
    }
    return isOne;
  };
}

function parseNetwork(text: string): [ipaddr.IPv4 | ipaddr.IPv6, number] {
  try {
    const [network, bits] = text.includes("/") ? ipaddr.parseCIDR(text) : [ipaddr.process(text), -1];
    return [network, bits >= 0 ? bits : network.toByteArray().length * 8];
  } catch {
    throw new Error(`"${text}" is not a network such as 10.0.0.0/8 or an address such as ::1.`);
  }
}

/** The address with an IPv6-mapped IPv4 address as the latter; null when it is none. */
function parseAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | null {
  // Only the four-part decimal spelling of IPv4: the parser would also take octal and shorter ones.
  if (!text.includes(":") && !ipaddr.IPv4.isValidFourPartDecimal(text)) return null;
  return ipaddr.isValid(text) ? ipaddr.process(text) : null;
}

/**
 * The address that a request comes from: the right-most one of `X-Forwarded-For` that is not a trusted proxy, as seen
 * from a trusted peer; else the peer itself. Entries further left are the client's own claims and are ignored.
 */
export function clientAddress(peer: string, forwardedFor: string | undefined, isTrusted: AddressMatcher): string {
  if (!forwardedFor || !isTrusted(peer)) return peer;
  let address = peer;
  for (const hop of lastHops(forwardedFor).reverse()) {
    const next = withoutPort(hop.trim());
    if (!parseAddress(next)) break;
    address = next;
    if (!isTrusted(address)) break;
  }
  return address;
}

/** The last addresses of a header of any length, without one that was cut in two. */
function lastHops(forwardedFor: string): string[] {
  const isCut = forwardedFor.length > forwardedLengthMax;
  const hops = forwardedFor.slice(-forwardedLengthMax).split(",");
  return hops.slice(isCut ? 1 : 0).slice(-hopsMax);
}

/** Some proxies write `203.0.113.7:4711` or `[2001:db8::1]:4711`. */
function withoutPort(text: string): string {
  return /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
}

/** Four decimal numbers up to 255 without leading zeros: the spelling of nearly every address, read at a glance. */
const decimalAddress = /^((?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3})(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)$/;

/** The network of an address, /24 or /48, e.g. `203.0.113.0/24`; empty when the text is no address. */
export function networkOf(text: string): string {
  const decimal = decimalAddress.exec(text);
  return decimal ? `${decimal[1]}0/${keptBitsV4}` : maskedNetwork(text, keptBitsV4, keptBitsV6);
}

/**
 * The part of an address that stays the same for a household: all of IPv4, the /64 of IPv6 (RFC 8981: the rest changes
 * daily).
 * Personal, so it may be computed with and never be kept.
 */
export function householdOf(text: string): string {
  return decimalAddress.test(text) ? text : maskedNetwork(text, 32, 64);
}

function maskedNetwork(text: string, bitsV4: number, bitsV6: number): string {
  const address = parseAddress(text);
  if (!address) return "";
  const bits = address.kind() === "ipv4" ? bitsV4 : bitsV6;
  const bytes = address.toByteArray().map((byte, index) => (index * 8 < bits ? byte : 0));
  return `${ipaddr.fromByteArray(bytes).toString()}/${bits}`;
}
