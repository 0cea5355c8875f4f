// Requests that two readers might cut differently: each hides another request where a careless one finds it. All are
// answered once, as a whole or by a refusal; none but the sender's own connection notices.

/** Ambiguous bytes, given the path that is asked for and the request that is hidden; in packets where it matters. */
export type SmugglingCase = {
  name: string;
  bytes: (path: string, hidden: string) => string | string[];
  /** Whether it is two requests for a reader that takes a bare LF for the end of a line, as it may (RFC 9112, 2.2). */
  isTwo?: boolean;
};

const host = "Host: attack.example";
const post = (path: string, headers: string, body: string) =>
  `POST ${path} HTTP/1.1\r\n${host}\r\n${headers}\r\n\r\n${body}`;
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
const endChunk = "0\r\n\r\n";
const json = "Content-Type: application/json";

/** Spellings of Transfer-Encoding that one reader takes and another does not; each beside a Content-Length. */
const encodings: [name: string, header: string][] = [
  ["plain", "Transfer-Encoding: chunked"],
  ["x-chunked", "Transfer-Encoding: xchunked"],
  ["space before the colon", "Transfer-Encoding : chunked"],
  ["tab after the colon", "Transfer-Encoding:\tchunked"],
  ["tab before the colon", "Transfer-Encoding\t: chunked"],
  ["no space", "Transfer-Encoding:chunked"],
  ["twice, identity last", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"],
  ["twice, identity first", "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked"],
  ["identity, chunked", "Transfer-Encoding: identity, chunked"],
  ["chunked, identity", "Transfer-Encoding: chunked, identity"],
  ["chunked twice", "Transfer-Encoding: chunked, chunked"],
  ["gzip, chunked", "Transfer-Encoding: gzip, chunked"],
  ["a leading space", " Transfer-Encoding: chunked"],
  ["folded name", "X-Fold: x\r\n Transfer-Encoding: chunked"],
  ["folded value", "Transfer-Encoding:\r\n chunked"],
  ["after a bare LF", "X-Bare: x\nTransfer-Encoding: chunked"],
  ["after a bare CR", "X-Bare: x\rTransfer-Encoding: chunked"],
  ["quoted", 'Transfer-Encoding: "chunked"'],
  ["with a parameter", "Transfer-Encoding: chunked;q=1"],
  ["upper case", "TRANSFER-ENCODING: CHUNKED"],
  ["underscore", "Transfer_Encoding: chunked"],
  ["NUL inside", "Transfer-Encoding: chun\0ked"],
  ["vertical tab before", "Transfer-Encoding: \x0bchunked"],
  ["vertical tab after", "Transfer-Encoding: chunked\x0b"],
  ["empty", "Transfer-Encoding: "],
  ["a comma", "Transfer-Encoding: ,chunked"],
];

/** Lengths of a body of `n` bytes that one reader believes and another does not. */
const lengths: [name: string, header: (n: number) => string][] = [
  ["two lengths, the right one last", (n) => `Content-Length: 2\r\nContent-Length: ${n}`],
  ["two lengths, the right one first", (n) => `Content-Length: ${n}\r\nContent-Length: 2`],
  ["the same twice", (n) => `Content-Length: ${n}\r\nContent-Length: ${n}`],
  ["the same in a list", (n) => `Content-Length: ${n}, ${n}`],
  ["a list", (n) => `Content-Length: 2, ${n}`],
  ["a plus", (n) => `Content-Length: +${n}`],
  ["a minus", (n) => `Content-Length: -${n}`],
  ["hexadecimal", (n) => `Content-Length: 0x${n.toString(16)}`],
  ["a leading zero", (n) => `Content-Length: 0${n}`],
  ["a decimal point", (n) => `Content-Length: ${n}.0`],
  ["an exponent", (n) => `Content-Length: ${n}e0`],
  ["beyond 64 bits", (n) => `Content-Length: 18446744073709551616${n}`],
  ["space before the colon", (n) => `Content-Length : ${n}`],
  ["folded", (n) => `Content-Length:\r\n ${n}`],
  ["folded after another", (n) => `Content-Length: 2\r\n ${n}`],
  ["NUL behind", (n) => `Content-Length: ${n}\0`],
  ["a space inside", (n) => `Content-Length: ${String(n).split("").join(" ")}`],
];

/** Chunked bodies that end where a careful reader says, each with a request hidden in it. */
const chunks: [name: string, body: (hidden: string) => string][] = [
  ["a bare LF after the size", (hidden) => `2\nxx\r\n${chunk(`0\r\n\r\n${hidden}`)}${endChunk}`],
  ["a bare LF in an extension", (hidden) => `2;\nxx\r\n${chunk(`0\r\n\r\n${hidden}`)}${endChunk}`],
  ["a bare CR in an extension", (hidden) => `2;\rxx\r\n${chunk(`0\r\n\r\n${hidden}`)}${endChunk}`],
  ["a request in an extension", (hidden) => `2;x="\r\n\r\n${hidden}"\r\nxx\r\n${endChunk}`],
  ["a size in 0x", (hidden) => `0x2\r\nxx\r\n${chunk(hidden)}${endChunk}`],
  ["a size with a plus", (hidden) => `+2\r\nxx\r\n${chunk(hidden)}${endChunk}`],
  ["a size below zero", (hidden) => `-1\r\n${hidden}`],
  ["a size that overflows", (hidden) => `10000000000000002\r\nxx\r\n${endChunk}${hidden}`],
  ["an empty size", (hidden) => `\r\n\r\n${hidden}`],
  ["data longer than its size", (hidden) => `2\r\nxxxx\r\n${endChunk}${hidden}`],
  ["no CRLF after the data", (hidden) => `2\r\nxx0\r\n\r\n${hidden}`],
  ["a length in the trailers", (hidden) => `2\r\nxx\r\n0\r\nContent-Length: ${hidden.length}\r\nX: ${hidden}`],
  ["spaces behind the size", (hidden) => `2    \r\nxx\r\n${chunk(hidden)}${endChunk}`],
];

const bareEnd: SmugglingCase = {
  name: "chunks, a bare LF at the end",
  bytes: (path, hidden) => post(path, `${json}\r\nTransfer-Encoding: chunked`, `2\r\nxx\r\n0\n\n${hidden}`),
  isTwo: true,
};

const get = (line: string, headers: string) => `${line}\r\n${headers}\r\n\r\n`;

/** Lines and headers of a single request that are not what they should be. */
const shapes: SmugglingCase[] = [
  { name: "an absolute target of another host", bytes: (path) => get(`GET http://evil.example${path} HTTP/1.1`, host) },
  { name: "an absolute target, no Host", bytes: (path) => get(`GET http://evil.example${path} HTTP/1.1`, "X: y") },
  { name: "two Hosts", bytes: (path) => get(`GET ${path} HTTP/1.1`, `${host}\r\nHost: evil.example`) },
  { name: "a space before the colon of Host", bytes: (path) => get(`GET ${path} HTTP/1.1`, `Host : attack.example`) },
  { name: "NUL in the path", bytes: (path) => get(`GET ${path}\0 HTTP/1.1`, host) },
  { name: "NUL in a header", bytes: (path) => get(`GET ${path} HTTP/1.1`, `${host}\r\nX: a\0b`) },
  {
    name: "a header without a colon",
    bytes: (path, hidden) => get(`GET ${path} HTTP/1.1`, `${host}\r\n${hidden.split("\r\n")[0]}`),
  },
  { name: "two versions", bytes: (path) => get(`GET ${path} HTTP/1.1 HTTP/1.1`, host) },
  {
    name: "HTTP/1.0 in chunks",
    bytes: (path, hidden) =>
      `POST ${path} HTTP/1.0\r\n${host}\r\nTransfer-Encoding: chunked\r\n\r\n${endChunk}${hidden}`,
  },
  {
    name: "a GET with a body",
    bytes: (path, hidden) => get(`GET ${path} HTTP/1.1`, `${host}\r\nContent-Length: ${hidden.length}`) + hidden,
  },
  {
    name: "an expectation and a body",
    bytes: (path, hidden) => post(path, `${json}\r\nExpect: 100-continue\r\nContent-Length: ${hidden.length}`, hidden),
  },
  {
    name: "Connection names Content-Length",
    bytes: (path, hidden) =>
      post(path, `${json}\r\nConnection: Content-Length\r\nContent-Length: ${hidden.length}`, hidden),
  },
  {
    name: "an upgrade to h2c",
    bytes: (path, hidden) =>
      post(
        path,
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n" +
          `Content-Length: ${hidden.length}`,
        hidden,
      ),
  },
  { name: "the preface of HTTP/2", bytes: (_path, hidden) => `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${hidden}` },
];

const both = (headers: string, body: string) => `${json}\r\nContent-Length: ${body.length}\r\n${headers}`;

/** Requests that hide another one, each with the bytes that do it. */
export const smugglingCases: SmugglingCase[] = [
  ...encodings.map(
    ([name, header]): SmugglingCase => ({
      name: `length and encoding, ${name}`,
      bytes: (path, hidden) => post(path, both(header, endChunk + hidden), endChunk + hidden),
    }),
  ),
  {
    name: "encoding and a short length",
    bytes: (path, hidden) =>
      post(path, `${json}\r\nTransfer-Encoding: chunked\r\nContent-Length: 4`, chunk(hidden) + endChunk),
  },
  ...lengths.map(
    ([name, header]): SmugglingCase => ({
      name: `length, ${name}`,
      bytes: (path, hidden) => post(path, `${json}\r\n${header(hidden.length + 2)}`, `xx${hidden}`),
    }),
  ),
  ...chunks.map(
    ([name, body]): SmugglingCase => ({
      name: `chunks, ${name}`,
      bytes: (path, hidden) => post(path, `${json}\r\nTransfer-Encoding: chunked`, body(hidden)),
    }),
  ),
  bareEnd,
  ...shapes,
];
