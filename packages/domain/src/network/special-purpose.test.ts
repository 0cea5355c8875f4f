import { expect, test } from "@jest/globals";
import { specialPurposeOf } from "@qrfactory/domain/network/special-purpose";
import fc from "fast-check";

test.each([
  "8.8.8.8",
  "1.0.0.0",
  "100.63.255.255",
  "100.128.0.0",
  "126.255.255.255",
  "128.0.0.0",
  "172.15.255.255",
  "172.32.0.0",
  "192.0.1.0",
  "198.17.255.255",
  "198.20.0.0",
  "223.255.255.255",
  "2606:4700::1111",
  "2001:200::1",
  "2001:4860:4860::8888",
  "2a00:1450::1",
  "2000::",
  "3ffe::1",
  "3fff:1000::",
  "::8.8.8.8",
  "::ffff:8.8.8.8",
  "::ffff:0:8.8.8.8",
  "64:ff9b::8.8.8.8",
  "2002:808:808::1",
  // Teredo: the server 8.8.8.8 and the client 1.1.1.1, its bits turned over.
  "2001:0:808:808:0:0:fefe:fefe",
  // ISATAP around a public address.
  "2a00::200:5efe:808:808",
])("%s is the address of a public host", (address) => {
  expect(specialPurposeOf(address)).toBe(null);
});

test.each([
  // IPv4, both ends of each block.
  ["0.0.0.0", "unspecified"],
  ["0.255.255.255", "unspecified"],
  ["10.0.0.0", "private"],
  ["10.255.255.255", "private"],
  ["100.64.0.0", "carrier-grade NAT"],
  ["100.127.255.255", "carrier-grade NAT"],
  ["127.0.0.1", "loopback"],
  ["127.255.255.255", "loopback"],
  ["169.254.169.254", "link-local"],
  ["172.16.0.0", "private"],
  ["172.31.255.255", "private"],
  ["192.0.0.0", "reserved for protocols"],
  ["192.0.0.8", "reserved for protocols"],
  ["192.0.0.170", "reserved for protocols"],
  ["192.0.2.1", "for documentation"],
  ["192.31.196.1", "an AS112 sink"],
  ["192.52.193.1", "a multicast relay"],
  ["192.88.99.2", "a 6to4 relay"],
  ["192.168.255.255", "private"],
  ["192.175.48.1", "an AS112 sink"],
  ["198.18.0.0", "for benchmarks"],
  ["198.19.255.255", "for benchmarks"],
  ["198.51.100.1", "for documentation"],
  ["203.0.113.1", "for documentation"],
  ["224.0.0.1", "multicast"],
  ["239.255.255.255", "multicast"],
  ["240.0.0.1", "reserved"],
  ["255.255.255.255", "broadcast"],
  // IPv6.
  ["::", "unspecified"],
  ["::1", "loopback"],
  ["64:ff9b:1::1", "for translation inside a network"],
  ["64:ff9b:1::8.8.8.8", "for translation inside a network"],
  ["64:ff9b:2::1", "reserved"],
  ["100::1", "discarded"],
  ["100:0:0:1::1", "a dummy prefix"],
  ["100:0:0:2::1", "reserved"],
  ["2001:1::1", "reserved for protocols"],
  ["2001:1::3", "reserved for protocols"],
  ["2001:2::1", "reserved for protocols"],
  ["2001:3::1", "reserved for protocols"],
  ["2001:4:112::1", "reserved for protocols"],
  ["2001:10::1", "reserved for protocols"],
  ["2001:20::1", "reserved for protocols"],
  ["2001:30::1", "reserved for protocols"],
  ["2001:1ff:ffff::1", "reserved for protocols"],
  ["2001:db8::1", "for documentation"],
  ["2620:4f:8000::1", "an AS112 sink"],
  ["3fff:fff::1", "for documentation"],
  ["5f00::1", "for segment routing"],
  ["4000::1", "reserved"],
  ["fc00::1", "unique-local"],
  ["fdff::1", "unique-local"],
  ["fe80::1", "link-local"],
  ["febf::1", "link-local"],
  ["fec0::1", "site-local"],
  ["ff02::1", "multicast"],
  ["fe00::1", "reserved"],
  // Zones, and what is no address.
  ["fe80::1%eth0", "bound to an interface"],
  ["fe80::1%25eth0", "bound to an interface"],
  ["2606:4700::1111%1", "bound to an interface"],
  ["localhost", "not an address"],
  ["", "not an address"],
  ["1.2.3.4.5", "not an address"],
])("%s is %s", (address, what) => {
  expect(specialPurposeOf(address)).toBe(what);
});

/** Forms of IPv6 around an IPv4 address of two groups, e.g. `7f00:1`. */
const forms: Record<string, (inner: string, inverted: string) => string> = {
  "IPv4-compatible": (inner) => `::${inner}`,
  "IPv4-mapped": (inner) => `::ffff:${inner}`,
  "IPv4-translated": (inner) => `::ffff:0:${inner}`,
  "translated (NAT64)": (inner) => `64:ff9b::${inner}`,
  "6to4": (inner) => `2002:${inner}::1`,
  "Teredo by its server": (inner) => `2001:0:${inner}:0:0:fefe:fefe`,
  "Teredo by its client": (_inner, inverted) => `2001:0:808:808:0:0:${inverted}`,
  ISATAP: (inner) => `2a00::5efe:${inner}`,
  "ISATAP of a universal address": (inner) => `2a00::200:5efe:${inner}`,
};
const groups = (octets: number[]) =>
  [0, 2].map((at) => (256 * (octets[at] as number) + (octets[at + 1] as number)).toString(16)).join(":");

test.each(Object.keys(forms))("an address that is %s is judged by the IPv4 address in it", (form) => {
  const write = forms[form] as (inner: string, inverted: string) => string;
  fc.assert(
    fc.property(fc.ipV4(), (inner) => {
      const octets = inner.split(".").map(Number);
      // The unspecified and the loopback address of IPv6 themselves.
      if (form === "IPv4-compatible" && groups(octets).startsWith("0:")) return;
      const address = write(groups(octets), groups(octets.map((octet) => octet ^ 0xff)));
      const own = specialPurposeOf(inner);
      expect(specialPurposeOf(address)).toBe(own && `the IPv4 address ${inner}, which is ${own}`);
    }),
    { numRuns: 500 },
  );
  for (const inner of ["7f00:1", "a00:1", "a9fe:a9fe", "c0a8:1"]) {
    const inverted = inner.split(":").map((group) => (Number.parseInt(group, 16) ^ 0xffff).toString(16));
    expect(specialPurposeOf(write(inner, inverted.join(":")))).toMatch(/^the IPv4 address .*, which is /);
  }
});
