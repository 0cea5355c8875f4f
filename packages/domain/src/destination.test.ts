import { expect, test } from "@jest/globals";
import { checkDestination } from "@qrfactory/domain/destination";

const rules = { ownHosts: ["qr.example.org", "127.0.0.1:8080"] };

test.each([
  ["https://example.com", "https://example.com/"],
  ["HTTPS://Example.COM/Path?q=1#f", "https://example.com/Path?q=1#f"],
  ["http://example.com:8081/a b", "http://example.com:8081/a%20b"],
  ["https://müller.example.com/", "https://xn--mller-kva.example.com/"],
  ["https://аррӏе.com/", "https://xn--80ak6aa92e.com/"],
  ["https://8.8.8.8/", "https://8.8.8.8/"],
  ["https://[2606:4700::1111]/", "https://[2606:4700::1111]/"],
])("%s is stored as %s", (text, href) => {
  expect(checkDestination(text, rules)).toBe(href);
});

test.each([
  "javascript:alert(1)",
  "JaVaScRiPt:alert(1)",
  "java\nscript:alert(1)",
  "data:text/html,x",
  "vbscript:x",
  "ftp://example.com/",
  "//example.com",
  "example.com",
  "",
  "https://",
  "https://user:secret@example.com/",
  "https://example.com@evil.example.com/",
  "https://exa\tmple.com/",
  "https://example.com/\r\nSet-Cookie: a=b",
  "\u0000https://example.com/",
  "https://exa\u200bmple.com/",
  "https://\u202eexample.com/",
  "http://localhost/",
  "http://localhost./",
  "http://intranet/",
  "http://printer.local/",
  "http://a.localhost/",
  "http://127.0.0.1/",
  "http://127.1/",
  "http://0x7f.1/",
  "http://2130706433/",
  "http://0177.0.0.1/",
  "http://0/",
  "http://10.1.2.3/",
  "http://192.168.0.1/",
  "http://172.16.9.9/",
  "http://169.254.169.254/latest/meta-data",
  "http://100.64.0.1/",
  "http://224.0.0.1/",
  "http://[::1]/",
  "http://[::ffff:127.0.0.1]/",
  "http://[::ffff:10.0.0.1]/",
  "http://[fe80::1]/",
  "http://[fc00::1]/",
  "https://qr.example.org/q/ABC",
  "https://QR.example.org./q/ABC",
  "http://127.0.0.1:8080/q/ABC",
  `https://example.com/${"a".repeat(2_000)}`,
  `https://example.com/${"é".repeat(400)}`,
])("%j is refused", (text) => {
  expect(() => checkDestination(text, rules)).toThrow(expect.objectContaining({ code: "url_refused" }));
});
