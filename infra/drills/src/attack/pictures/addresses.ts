// Spellings of addresses that lead inside, in each field that takes an address: all of them are refused.
import type { Row } from "../row.js";
import type { Stage } from "../stage/stage.js";

/** Hosts of loopback, private, link-local, special and mapped addresses, as URLs may spell them. */
const hosts = [
  // Loopback in decimal, octal, hexadecimal, short and full-width spellings (WHATWG URL, 3.5).
  ...["127.0.0.1", "127.1", "127.0.1", "127.255.255.254", "2130706433", "017700000001", "0177.0.0.1", "0x7f000001"],
  ...[
    "0x7f.0.0.1",
    "0x7f.1",
    "0X7F.0x0.0X0.1",
    "127.0.0.1.",
    "①②⑦.⓪.⓪.①",
    "１２７.０.０.１",
    "127。0。0。1",
    "0",
    "0.0.0.0",
    "00",
    "0x0",
  ],
  ...["%31%32%37.0.0.1", "127.0.0.%31", "000000177.0.0.1", "127.0x1"],
  // Private and carrier networks (RFC 1918, RFC 6598), link-local (RFC 3927) and metadata services.
  ...[
    "10.0.0.1",
    "10.255.255.255",
    "167772161",
    "012.1.1.1",
    "0xa000001",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
  ],
  ...["192.168.1", "3232235521", "0xc0.0xa8.0.1", "100.64.0.1", "100.127.255.255", "169.254.169.254", "2852039166"],
  ...["0xa9fea9fe", "169.254.43518", "[fd00:ec2::254]", "metadata.google.internal", "instance-data.ec2.internal"],
  // Special blocks (RFC 6890), multicast and broadcast.
  ...[
    "192.0.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
  ],
  ...["255.255.255.255", "192.88.99.1"],
  // IPv6: loopback, unspecified, local, mapped, translated and tunnelled (RFC 4291, 6052, 3056, 4380).
  ...["[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[0000::0001]", "[::127.0.0.1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"],
  ...["[0:0:0:0:0:ffff:7f00:1]", "[::ffff:10.0.0.1]", "[::ffff:169.254.169.254]", "[::ffff:0:127.0.0.1]"],
  ...["[64:ff9b::7f00:1]", "[64:ff9b::10.0.0.1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2002:a00:1::1]"],
  ...[
    "[2001:0:7f00:1::]",
    "[2001::1]",
    "[2001:db8::1]",
    "[fe80::1]",
    "[febf::1]",
    "[fec0::1]",
    "[fc00::1]",
    "[fd12:3456::1]",
  ],
  ...["[ff02::1]", "[100::1]", "[2001:10::1]", "[2001:20::1]", "[5f00::1]", "[3fff::1]", "[::ffff:0.0.0.0]"],
  // Names that stay inside, in any case, with dots behind them, and of one label.
  ...[
    "localhost",
    "LOCALHOST",
    "localhost.",
    "foo.localhost",
    "ⓛocalhost",
    "loc\u00adalhost",
    "printer.local",
    "PRINTER.LOCAL.",
  ],
  ...["db.internal", "router.home.arpa", "intranet", "a"],
];

/** Whole addresses that are wrong in another part, or that lead back to this service. */
const wholes = (own: string[]) => [
  ...[
    "https://user:password@example.com/",
    "https://example.com@127.0.0.1/",
    "http://127.0.0.1\\@example.com/",
    "ftp://example.com/",
  ],
  ...[
    "file:///etc/passwd",
    "javascript:alert(1)",
    "data:text/html,x",
    "gopher://127.0.0.1/",
    "//127.0.0.1/",
    "http:127.0.0.1/",
  ],
  ...[
    "http:/127.0.0.1/",
    "http:\\\\127.0.0.1/",
    "\thttp://127.0.0.1/",
    "ht\ntp://127.0.0.1/",
    "https://example.com/\r\nX: y",
    "",
  ],
  ...own.flatMap((host) => [`http://${host}/`, `http://${host.toUpperCase()}/q/ABC`, `https://x@${host}/`]),
];

const fields: { name: string; send: (stage: Stage, url: string) => Parameters<Stage["attack"]>[0] }[] = [
  {
    name: "destination_url",
    send: ({ demo }, url) => ({
      url: "/api/v1/dynamic/",
      headers: demo.asKey,
      json: { name: "x", destination_url: url },
    }),
  },
  {
    name: "fallback_url",
    send: ({ demo }, url) => ({
      url: "/api/v1/dynamic/",
      headers: demo.asKey,
      json: { name: "x", destination_url: "https://example.com", fallback_url: url },
    }),
  },
  {
    name: "variants",
    send: ({ demo }, url) => ({
      url: "/api/v1/dynamic/",
      headers: demo.asKey,
      json: {
        name: "x",
        destination_url: "https://example.com",
        variants: ["https://example.com", url].map((destination_url) => ({ destination_url, weight: 1 })),
      },
    }),
  },
  {
    name: "logo_url",
    send: ({ demo }, url) => ({ url: "/api/v1/generate/", headers: demo.asKey, json: { data: "x", logo_url: url } }),
  },
];

const addresses: Row = {
  name: "addresses",
  attack: `${hosts.length} spellings of hosts that lead inside, and other addresses that lead astray, in every field`,
  async run(stage) {
    const { gateway, management } = stage.stack.file();
    const own = [gateway, management].map((url) => new URL(url).host);
    const urls = [...hosts.map((host) => `http://${host}/x`), ...wholes(own)];
    for (const { name, send } of fields) {
      for (const url of urls) {
        const answer = await stage.attack(send(stage, url));
        stage.promise(answer.status === 400, `${name} ${JSON.stringify(url)} is answered ${answer.status}`);
        // Another code would mean that somebody was asked.
        const isRefused = answer.status !== 400 || /"(url_refused|validation_failed)"/.test(answer.body.toString());
        stage.promise(isRefused, `${name} ${JSON.stringify(url)} is tried`);
      }
    }
  },
};

/** Rows of addresses that lead inside. */
export const addressRows: Row[] = [addresses];
