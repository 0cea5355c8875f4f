// Looking up names that strangers chose. The system's own look-up (getaddrinfo) blocks one of the few threads that
// files, compression and every other look-up share, for as long as a name server keeps silent; this asks over a socket.
import { Resolver } from "node:dns/promises";
import { isIP } from "node:net";

/** An address that a name stands for; `family` is 4 or 6. */
export type Address = { address: string; family: number };

/** All addresses of a name, some at least; rejects when there are none in time. `signal` ends the search. */
export type ResolveName = (host: string, signal: AbortSignal) => Promise<Address[]>;

/** Name servers and patience of look-ups. */
export type ResolveNameOptions = {
  /** Name servers, as `address:port`; the system's unless told. */
  servers?: string[];
  /** Longest search, whatever the servers do. */
  nameMsMax?: number;
};

/** A silent server is given up after this; the next in the list, or the same once more, is asked then. */
const tryMsMax = 700;
const tries = 2;

/** Two servers asked in turn, the first of them silent, still answer in this time. */
const nameMsMaxDefault = 2_000;

/**
 * Once one family has answered, the other has this long: some servers keep silent about addresses they have none of.
 */
const otherFamilyMsMax = 250;

/** Addresses of a family that are looked at; a name has a handful, a misbehaving server may send hundreds. */
const addressesMax = 8;

/** Makes the function; names are taken as they are, without search domains or the hosts file. */
export function makeResolveName({ servers, nameMsMax = nameMsMaxDefault }: ResolveNameOptions = {}): ResolveName {
  return async function resolveName(host, signal) {
    const family = isIP(host);
    if (family !== 0) return [{ address: host, family }];
    signal.throwIfAborted();
    // One for each name: cancelling ends all that a resolver was asked.
    const resolver = new Resolver({ timeout: tryMsMax, tries });
    if (servers) resolver.setServers(servers);
    const cancel = () => resolver.cancel();
    const timer = setTimeout(cancel, nameMsMax);
    signal.addEventListener("abort", cancel, { once: true });
    try {
      return await firstOf([ask(4, resolver.resolve4(host)), ask(6, resolver.resolve6(host))]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", cancel);
      resolver.cancel();
    }
  };
}

/** The addresses of one family; none when it has none or its search failed. */
async function ask(family: 4 | 6, answer: Promise<string[]>): Promise<Address[]> {
  const addresses = await answer.catch(() => []);
  return addresses.slice(0, addressesMax).map((address) => ({ address, family }));
}

/** Addresses of both families, or of the one that answers while the other is silent. */
async function firstOf(families: Promise<Address[]>[]): Promise<Address[]> {
  const found: Address[] = [];
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve) => {
    let open = families.length;
    for (const family of families) {
      void family.then((addresses) => {
        found.push(...addresses);
        open -= 1;
        if (open === 0) resolve();
        else if (addresses.length > 0) timer = setTimeout(resolve, otherFamilyMsMax);
      });
    }
  });
  clearTimeout(timer);
  if (found.length === 0) throw new Error("The name has no address, or its servers did not answer.");
  // A copy, which a late answer cannot add to. IPv4 first: hosts without IPv6 may drop it in silence.
  return [...found].sort((a, b) => a.family - b.family);
}
