// Requests to addresses that a stranger chose: only public hosts, judged by name and by the address that is then really
// connected to, ports 80 and 443, no redirects, little time, few at once, shared fairly by workspaces.

import { type IncomingMessage, type RequestOptions, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { TcpNetConnectOpts } from "node:net";
import { addressRefusal, hostRefusal } from "@qrfactory/domain/destination";
import { parseUrl } from "@qrfactory/domain/http/parse-url";
import { lengthsMax, tooLongFor } from "@qrfactory/domain/limits";
import { makeFairTurns } from "../load/fair-turns.js";
import { type Address, makeResolveName, type ResolveName } from "./resolve-name.js";

/** Requests under way: each holds a socket and, at the end, a body. */
const requestsMax = 40;
/** Of one workspace: more than a client fetches at once, and few enough that silent hosts leave room for others. */
const requestsOfOneMax = 8;
/** Beyond those, a moment's wait for a turn; requests of one workspace that may wait so. */
const turnMsMax = 500;
const waitingOfOneMax = 16;

/** Where a host has several addresses, the time that one has to connect before the next is tried. */
const connectMsMax = 700;

/** Hosts, addresses and ports that requests may go to. */
export type OutboundRules = {
  /** Why an address may not be connected to; null when it may. */
  addressRefusal: (address: string) => string | null;
  hostRefusal: (host: string) => string | null;
  ports: readonly string[];
};

/** Bounds of a fetch on behalf of a client. */
export const publicRules: OutboundRules = {
  addressRefusal,
  hostRefusal,
  // The default port of a scheme is spelled "" by the URL parser.
  ports: ["", "80", "443"],
};

/** An address that is not allowed; the message says what would be. */
export class OutboundRefusal extends Error {
  override readonly name = "OutboundRefusal";
}

/** One request to an address that a stranger chose. */
export type OutboundRequest = {
  url: string;
  /** Workspace of the request: workspaces take turns. */
  workspaceId: string;
  /** Ends everything: the wait for a turn, the name, the connection, the body. */
  signal: AbortSignal;
  method?: string;
  headers?: Record<string, string>;
  body?: Uint8Array;
};

/**
 * Sends a request and reads its response with `read`, which need not read all of it. Throws `OutboundRefusal` for an
 * address that is not allowed, `overloaded` when there are too many already, and whatever else goes wrong as it is.
 */
export type Outbound = <T>(request: OutboundRequest, read: (response: IncomingMessage) => Promise<T>) => Promise<T>;

/** Rules, look-up of names and longest turn of outbound requests; the product's own unless given. */
export type OutboundOptions = { rules?: OutboundRules; resolveName?: ResolveName; turnMsMax?: number };

/** Makes the one way out of a process; its limits hold for all requests together. */
export function makeOutbound(options: OutboundOptions = {}): Outbound {
  const { rules = publicRules, resolveName = makeResolveName() } = options;
  const turns = makeFairTurns({
    places: requestsMax,
    placesOfOneMax: requestsOfOneMax,
    waitingOfOneMax,
    waitMsMax: options.turnMsMax ?? turnMsMax,
    refusal: "Too many addresses are being fetched right now; try again in a moment.",
  });

  return async function outbound(request, read) {
    const url = checkOutboundUrl(request.url, rules);
    const endTurn = await turns.take({ lane: request.workspaceId, cost: 1, leaves: request.signal });
    try {
      const addresses = await resolveName(url.hostname.replace(/^\[|\]$/g, ""), request.signal);
      requirePublic(addresses, rules);
      const response = await send(url, addresses, request);
      return await read(response).finally(() => response.destroy());
    } finally {
      endTurn();
    }
  };
}

/** The parsed address; throws `OutboundRefusal` when it is none, or not one that may be asked. Looks nothing up. */
export function checkOutboundUrl(text: string, rules: OutboundRules = publicRules): URL {
  const refuse = (reason: string) => new OutboundRefusal(reason);
  if (text.length > lengthsMax.webAddress) throw refuse(tooLongFor(lengthsMax.webAddress));
  if (/[\p{Cc}\p{Cf}]/u.test(text)) throw refuse("Remove the control or invisible characters.");
  const url = /\s/.test(text) ? null : parseUrl(text);
  if (url === null) throw refuse("Use an absolute address such as https://example.com/.");
  if (url.protocol !== "https:" && url.protocol !== "http:")
    throw refuse("Use an address that starts with https:// or http://.");
  if (url.username !== "" || url.password !== "") throw refuse("Remove the user name and password from the address.");
  if (!rules.ports.includes(url.port)) throw refuse("Use port 80 or 443.");
  const refusal = rules.hostRefusal(url.hostname.replace(/\.$/, ""));
  if (refusal) throw refuse(refusal);
  return url;
}

/** All addresses of a name must be public: one that mixes them means no good. */
function requirePublic(addresses: Address[], rules: OutboundRules): void {
  if (addresses.every(({ address }) => rules.addressRefusal(address) === null)) return;
  // The address itself is not told: it may be of somebody's inner network.
  throw new OutboundRefusal("Use a public address; this name leads to one that is not.");
}

/** Connects to the very addresses that were judged; the name is used for TLS and the Host header only. */
function send(url: URL, pinned: Address[], { method = "GET", headers, body, signal }: OutboundRequest) {
  const request = url.protocol === "https:" ? requestHttps : requestHttp;
  const options: RequestOptions & Pick<TcpNetConnectOpts, "autoSelectFamily" | "autoSelectFamilyAttemptTimeout"> = {
    method,
    headers: { "User-Agent": "QRFactory", ...headers, ...(body && { "Content-Length": body.length }) },
    agent: false,
    signal,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: connectMsMax,
    lookup: (_host, { all }, callback) => {
      const [first] = pinned as [Address];
      if (all) callback(null, pinned);
      else callback(null, first.address, first.family);
    },
  };
  return new Promise<IncomingMessage>((resolve, reject) => {
    request(url, options).on("response", resolve).on("error", reject).end(body);
  });
}
