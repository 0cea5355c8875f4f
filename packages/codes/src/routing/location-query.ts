// Additions to the address that a scan leads to: campaign parameters of the code, and the query of the scan. Only
// the query of an address ever changes; scheme, host, path and fragment stay as they were spelled.

/** Longest query of a scan that is passed on, in characters; a longer one is left out whole. */
const queryLengthMax = 1_024;

/** Longest address with everything added: with the other headers it fits in the 4 kB that proxies read as headers. */
const locationLengthMax = 3_072;

type Parts = { base: string; query: string; fragment: string };

function split(url: string): Parts {
  const hash = url.indexOf("#");
  const whole = hash < 0 ? url : url.slice(0, hash);
  const mark = whole.indexOf("?");
  return {
    base: mark < 0 ? whole : whole.slice(0, mark),
    query: mark < 0 ? "" : whole.slice(mark + 1),
    fragment: hash < 0 ? "" : url.slice(hash),
  };
}

function join({ base, query, fragment }: Parts, added: string): string {
  const queries = [query, added].filter((part) => part !== "").join("&");
  return `${base}${queries === "" ? "" : `?${queries}`}${fragment}`;
}

/** An address with campaign parameters, given as a query; they take the place of its own of the same names. */
export function withCampaign(url: string, campaign: string): string {
  const parts = split(url);
  const names = new Set(new URLSearchParams(campaign).keys());
  const kept = parts.query.split("&").filter((pair) => !names.has([...new URLSearchParams(pair).keys()][0] ?? ""));
  return within(join({ ...parts, query: kept.join("&") }, campaign), url);
}

/**
 * An address with the query of a scan, as it came: parameters that the address has by itself stay as they are. Whatever
 * the query holds is encoded anew, so it can neither end the header nor leave the query of the address.
 */
export function withQuery(url: string, query: string): string {
  if (query === "" || query.length > queryLengthMax) return url;
  const parts = split(url);
  const own = new Set(new URLSearchParams(parts.query).keys());
  const passed = [...new URLSearchParams(query)].filter(([name]) => !own.has(name));
  if (passed.length === 0) return url;
  return within(join(parts, new URLSearchParams(passed).toString()), url);
}

const within = (longer: string, url: string) => (longer.length > locationLengthMax ? url : longer);
