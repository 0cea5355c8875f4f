// Which addresses are not those of public hosts: the special-purpose registries of IANA (RFC 6890) as of November 2026,
// multicast, and what has never been given out. Forms of IPv6 that carry an IPv4 address are judged by that.
import ipaddr from "ipaddr.js";

type Block = [network: string, name: string, reference: string];

/** IPv4: the registry, and multicast. Entries that lie inside another are left out. */
const blocksV4: Block[] = [
  ["0.0.0.0/8", "unspecified", "RFC 791, 3.2"],
  ["10.0.0.0/8", "private", "RFC 1918"],
  ["100.64.0.0/10", "carrier-grade NAT", "RFC 6598"],
  ["127.0.0.0/8", "loopback", "RFC 1122, 3.2.1.3"],
  ["169.254.0.0/16", "link-local", "RFC 3927"],
  ["172.16.0.0/12", "private", "RFC 1918"],
  ["192.0.0.0/24", "reserved for protocols", "RFC 6890, 2.1"],
  ["192.0.2.0/24", "for documentation", "RFC 5737"],
  ["192.31.196.0/24", "an AS112 sink", "RFC 7535"],
  ["192.52.193.0/24", "a multicast relay", "RFC 7450"],
  ["192.88.99.0/24", "a 6to4 relay", "RFC 7526"],
  ["192.168.0.0/16", "private", "RFC 1918"],
  ["192.175.48.0/24", "an AS112 sink", "RFC 7534"],
  ["198.18.0.0/15", "for benchmarks", "RFC 2544"],
  ["198.51.100.0/24", "for documentation", "RFC 5737"],
  ["203.0.113.0/24", "for documentation", "RFC 5737"],
  ["224.0.0.0/4", "multicast", "RFC 5771"],
  ["255.255.255.255/32", "broadcast", "RFC 8190"],
  ["240.0.0.0/4", "reserved", "RFC 1112, 4"],
];

/** The two of IPv6 that lie among those that carry IPv4. */
const hostsV6: Block[] = [
  ["::/128", "unspecified", "RFC 4291, 2.5.2"],
  ["::1/128", "loopback", "RFC 4291, 2.5.3"],
];

/**
 * IPv6: the registry, multicast, and site-local addresses of old. Those outside of 2000::/3 are named for the message.
 */
const blocksV6: Block[] = [
  ["64:ff9b:1::/48", "for translation inside a network", "RFC 8215"],
  ["100::/64", "discarded", "RFC 6666"],
  ["100:0:0:1::/64", "a dummy prefix", "RFC 9780"],
  // With its parts: PCP, TURN and DNS-SD anycast (RFC 7723, 8155, 9665), benchmarks (RFC 5180), AMT (RFC 7450), AS112
  // (RFC 7535), ORCHID and ORCHIDv2 (RFC 4843, 7343), drones (RFC 9374). Teredo, in it too, is judged before.
  ["2001::/23", "reserved for protocols", "RFC 2928"],
  ["2001:db8::/32", "for documentation", "RFC 3849"],
  ["2620:4f:8000::/48", "an AS112 sink", "RFC 7534"],
  ["3fff::/20", "for documentation", "RFC 9637"],
  ["5f00::/16", "for segment routing", "RFC 9602"],
  ["fc00::/7", "unique-local", "RFC 4193"],
  ["fe80::/10", "link-local", "RFC 4291, 2.5.6"],
  ["fec0::/10", "site-local", "RFC 3879"],
  ["ff00::/8", "multicast", "RFC 4291, 2.7"],
];

/** All that has been given out to public hosts (RFC 4291, 2.4, and IANA's registry of IPv6 address space). */
const globalUnicast = ipaddr.IPv6.parseCIDR("2000::/3");

/** Where an IPv4 address stands in an IPv6 address: its first byte, and whether its bits are turned over. */
type Carried = { at: number; isInverted?: boolean };

/** Forms of IPv6 that carry IPv4 addresses; all that they carry must be public. */
const carriers: [network: string, carried: Carried[], reference: string][] = [
  ["::/96", [{ at: 12 }], "RFC 4291, 2.5.5.1: IPv4-compatible, deprecated"],
  ["::ffff:0:0/96", [{ at: 12 }], "RFC 4291, 2.5.5.2: IPv4-mapped"],
  ["::ffff:0:0:0/96", [{ at: 12 }], "RFC 2765, 2.1: IPv4-translated"],
  ["64:ff9b::/96", [{ at: 12 }], "RFC 6052, 2.1: translated"],
  ["2002::/16", [{ at: 2 }], "RFC 3056, 2: 6to4"],
  ["2001::/32", [{ at: 4 }, { at: 12, isInverted: true }], "RFC 4380, 4: Teredo, its server and its client"],
];

/**
 * Whether an interface identifier is one of ISATAP, in any network: it carries an IPv4 address, too (RFC 5214, 6.1).
 */
const isIsatap = ([first = -1, ...rest]: number[]) => (first === 0 || first === 2) && rest.join() === "0,94,254";

const parse = ([network, name]: Block) => ({ network: ipaddr.parseCIDR(network), name });
const parsedV4 = blocksV4.map(parse);
const parsedHostsV6 = hostsV6.map(parse);
const parsedV6 = blocksV6.map(parse);
const parsedCarriers = carriers.map(([network, carried]) => ({ network: ipaddr.IPv6.parseCIDR(network), carried }));

/**
 * Says of an address that is not a public host's what it is: `loopback`, `link-local` … Null for a public one; a text
 * that is no IP address is `not an address`.
 */
export function specialPurposeOf(text: string): string | null {
  if (!ipaddr.isValid(text)) return "not an address";
  const address = ipaddr.parse(text);
  if (address instanceof ipaddr.IPv4) return nameOf(address, parsedV4);
  // A zone names an interface of this very machine (RFC 4007, 11).
  if (address.zoneId) return "bound to an interface";
  const host = nameOf(address, parsedHostsV6);
  if (host) return host;
  const bytes = address.toByteArray();
  const carrier = parsedCarriers.find(({ network }) => address.match(network));
  if (carrier) return carriedName(bytes, carrier.carried);
  const inner = isIsatap(bytes.slice(8, 12)) ? carriedName(bytes, [{ at: 12 }]) : null;
  return inner ?? nameOf(address, parsedV6) ?? (address.match(globalUnicast) ? null : "reserved");
}

type Parsed = ReturnType<typeof parse>[];

function nameOf(address: ipaddr.IPv4 | ipaddr.IPv6, blocks: Parsed): string | null {
  return blocks.find(({ network: [start, bits] }) => address.match(start as never, bits))?.name ?? null;
}

/** The first of the carried addresses that is not public, and what it is. */
function carriedName(bytes: number[], carried: Carried[]): string | null {
  for (const { at, isInverted } of carried) {
    const octets = bytes.slice(at, at + 4).map((octet) => (isInverted ? octet ^ 0xff : octet));
    const inner = octets.join(".");
    const name = specialPurposeOf(inner);
    if (name) return `the IPv4 address ${inner}, which is ${name}`;
  }
  return null;
}
