import { expect, test } from "@jest/globals";
import { clientAddress, makeAddressMatcher, networkOf } from "@qrfactory/domain/network/network";
import fc from "fast-check";

test.each([
  ["203.0.113.77", "203.0.113.0/24"],
  ["::ffff:203.0.113.77", "203.0.113.0/24"],
  ["2001:db8:aaaa:bbbb:cccc::1", "2001:db8:aaaa::/48"],
  ["::1", "::/48"],
  ["", ""],
  ["unix", ""],
  ["0x7f.1", ""],
  ["203.0.113.77, 10.0.0.1", ""],
])("of %s only the network %s is kept", (address, network) => {
  expect(networkOf(address)).toBe(network);
});

test("two addresses of one network cannot be told apart", () => {
  fc.assert(
    fc.property(fc.ipV4(), fc.nat(255), fc.nat(255), (address, a, b) => {
      const start = address.split(".").slice(0, 3).join(".");
      expect(networkOf(`${start}.${a}`)).toBe(networkOf(`${start}.${b}`));
    }),
  );
  fc.assert(fc.property(fc.ipV6(), (address) => networkOf(address) === "" || /\/(24|48)$/.test(networkOf(address))));
});

const isTrusted = makeAddressMatcher(["127.0.0.0/8", "::1", "10.0.0.0/8"]);

test.each([
  ["a stranger's claim is ignored", "198.51.100.9", "1.2.3.4", "198.51.100.9"],
  ["the proxy names the client", "127.0.0.1", "203.0.113.7", "203.0.113.7"],
  ["the proxy may be seen as IPv6", "::ffff:127.0.0.1", "203.0.113.7", "203.0.113.7"],
  ["what the client put in front of it does not count", "127.0.0.1", "1.2.3.4, 203.0.113.7", "203.0.113.7"],
  ["a chain of proxies is looked through", "127.0.0.1", "1.2.3.4, 203.0.113.7, 10.1.1.1, 10.2.2.2", "203.0.113.7"],
  ["rubbish ends the search", "127.0.0.1", "203.0.113.7, <script>", "127.0.0.1"],
  ["rubbish behind a proxy ends it there", "127.0.0.1", "nonsense, 10.1.1.1", "10.1.1.1"],
  ["a port is not part of an address", "127.0.0.1", "203.0.113.7:4711", "203.0.113.7"],
  ["nor is the bracket of IPv6", "127.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"],
  ["no header, no change", "127.0.0.1", undefined, "127.0.0.1"],
  ["an empty header is no address", "127.0.0.1", " , ,", "127.0.0.1"],
])("%s", (_promise, peer, header, expected) => {
  expect(clientAddress(peer, header, isTrusted)).toBe(expected);
});

test("a thousand forged proxies cost no more than a few", () => {
  expect(clientAddress("127.0.0.1", `${"10.0.0.1,".repeat(2_000)}10.0.0.2`, isTrusted)).toBe("10.0.0.1");
});

test("a header of any length is looked at from its right end, and an address that is cut in two is none", () => {
  expect(clientAddress("127.0.0.1", `${"9, ".repeat(5_000)}203.0.113.7, 10.0.0.1`, isTrusted)).toBe("203.0.113.7");
  const endless = `99203.0.113.7${" ".repeat(1_013)}`;
  expect(endless.slice(-1_024).trim()).toBe("203.0.113.7");
  expect(clientAddress("127.0.0.1", endless, isTrusted)).toBe("127.0.0.1");
  expect(clientAddress("127.0.0.1", `${endless},10.0.0.1`, isTrusted)).toBe("10.0.0.1");
});

test("a network that is none is refused with its text", () => {
  expect(() => makeAddressMatcher(["10.0.0.0/33"])).toThrow(/10\.0\.0\.0\/33/);
  expect(() => makeAddressMatcher(["localhost"])).toThrow(/localhost/);
});

test("the short way to a network leads where the long one does, and takes nothing that is no address", () => {
  const part = fc.oneof(
    fc.integer({ min: 0, max: 300 }).map(String),
    fc.constantFrom("00", "01", "0x1", "", " 1", "-1", "1e1"),
  );
  const text = fc.array(part, { minLength: 3, maxLength: 5 }).map((parts) => parts.join("."));
  fc.assert(
    fc.property(text, (address) => {
      // The mapped spelling goes the long way.
      const isAddress = address.split(".").length === 4 && address.split(".").every(isByte);
      expect(networkOf(address)).toBe(isAddress ? networkOf(`::ffff:${address}`) : "");
    }),
    { numRuns: 2_000 },
  );
});

const isByte = (text: string) => /^(0|[1-9]\d{0,2})$/.test(text) && Number(text) <= 255;
