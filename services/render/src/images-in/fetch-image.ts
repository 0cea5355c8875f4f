// Fetching a picture from an address that a stranger chose: only public hosts, judged by name and by the address that is
// then really connected to, ports 80 and 443, no redirects, little time, few bytes.
import { lookup as systemLookup } from "node:dns/promises";
import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { addressRefusal, hostRefusal } from "@qrfactory/domain/destination";
import { ApiError, refusedField } from "@qrfactory/domain/errors";
import { parseUrl } from "@qrfactory/domain/parse-url";
import { type ImageLimits, rejected } from "./image-header.js";

/** For everything: name, connection, headers, bytes. The contract promises an answer within 5 s. */
const fetchMsMaxDefault = 4_000;

const urlLengthMax = 2_000;

export type FetchRules = {
  /** Why an address may not be connected to; null when it may. */
  addressRefusal: (address: string) => string | null;
  hostRefusal: (host: string) => string | null;
  ports: readonly string[];
  /** Resolves a name to all its addresses. */
  lookup: (host: string) => Promise<{ address: string; family: number }[]>;
  fetchMsMax: number;
};

/** What strangers may have fetched. */
export const strictRules: FetchRules = {
  addressRefusal,
  hostRefusal,
  // The default port of a scheme is spelled "" by the URL parser.
  ports: ["", "80", "443"],
  lookup: (host) => systemLookup(host, { all: true }),
  fetchMsMax: fetchMsMaxDefault,
};

/**
 * The bytes behind `url`, at most `limits.bytesMax`. Throws `url_refused` for an address that is not allowed and
 * `image_rejected` for one that does not answer with a picture in time.
 */
export async function fetchImage(url: string, limits: ImageLimits, rules: FetchRules = strictRules): Promise<Buffer> {
  const field = `${limits.field}_url`;
  const refuse = (reason: string) => refusedField("url_refused", field, reason);
  const target = checkUrl(url, rules, refuse);
  const signal = AbortSignal.timeout(rules.fetchMsMax);
  try {
    const address = await findAddress(target.hostname, rules, refuse);
    const response = await open(target, address, signal);
    return await readBody(response, { ...limits, field });
  } catch (cause) {
    if (cause instanceof ApiError) throw cause;
    const reason = signal.aborted
      ? `The picture did not arrive within ${rules.fetchMsMax / 1000} s; send it with the request instead.`
      : "The picture could not be fetched; check the address, or send it with the request instead.";
    throw rejected(field, reason, cause);
  }
}

function checkUrl(text: string, rules: FetchRules, refuse: (reason: string) => ApiError): URL {
  if (text.length > urlLengthMax) throw refuse(`Use at most ${urlLengthMax} characters.`);
  if (/[\p{Cc}\p{Cf}]/u.test(text)) throw refuse("Remove the control or invisible characters.");
  const url = /\s/.test(text) ? null : parseUrl(text);
  if (url === null) throw refuse("Use an absolute address such as https://example.com/logo.png.");
  if (url.protocol !== "https:" && url.protocol !== "http:")
    throw refuse("Use an address that starts with https:// or http://.");
  if (url.username !== "" || url.password !== "") throw refuse("Remove the user name and password from the address.");
  if (!rules.ports.includes(url.port)) throw refuse("Use port 80 or 443.");
  const refusal = rules.hostRefusal(url.hostname.replace(/\.$/, ""));
  if (refusal) throw refuse(refusal);
  return url;
}

/** One address of the host; all of them must be public, so that a second look-up could not differ. */
async function findAddress(host: string, rules: FetchRules, refuse: (reason: string) => ApiError) {
  const addresses = await rules.lookup(host.replace(/^\[|\]$/g, ""));
  for (const { address } of addresses) {
    const refusal = rules.addressRefusal(address);
    // The address itself is not told: it may be of somebody's inner network.
    if (refusal) throw refuse("Use a public address; this name leads to one that is not.");
  }
  const [first] = addresses;
  if (!first) throw new Error("the name has no address");
  return first;
}

/** Connects to the very address that was judged; the name is used for TLS and the Host header only. */
function open(url: URL, pinned: { address: string; family: number }, signal: AbortSignal): Promise<IncomingMessage> {
  const request = url.protocol === "https:" ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    request(url, {
      agent: false,
      signal,
      headers: { Accept: "image/png, image/jpeg, image/gif", "User-Agent": "QRFactory" },
      lookup: (_host, options, callback) => {
        if (options.all) callback(null, [pinned]);
        else callback(null, pinned.address, pinned.family);
      },
    })
      .on("response", resolve)
      .on("error", reject)
      .end();
  });
}

async function readBody(response: IncomingMessage, { field, bytesMax }: ImageLimits): Promise<Buffer> {
  const tooLarge = () => rejected(field, `Use a file of at most ${bytesMax / 1e6} MB.`);
  try {
    if (response.statusCode !== 200) {
      throw rejected(field, `The address answered ${response.statusCode}; it must answer 200, without a redirect.`);
    }
    if (Number(response.headers["content-length"] ?? 0) > bytesMax) throw tooLarge();
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > bytesMax) throw tooLarge();
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } finally {
    response.destroy();
  }
}
