// The languages that a visitor wants, of an `Accept-Language` header (RFC 9110, 12.5.4).

/** A language tag (RFC 5646, 2.1) of a shape that browsers send. */
export const languageTagPattern = /^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,4}$/;

/** Some apps write `en_US`. Spaces can be matched in one way only, or a thousand of them would take a second. */
const item = /(?:^|,)[\t ]*([a-z]{2,8}(?:[-_][a-z0-9]{1,8})*)[\t ]*(?:;[\t ]*q=([01](?:\.\d{0,3})?)[\t ]*)?(?=,|$)/gi;

/** In lower case, e.g. `de-at` of `de-AT,de;q=0.9,en;q=0.8`; of equal ones the first. Empty when none is named. */
export function preferredLanguage(header: string): string {
  // Nearly every header begins like this: a first choice without a weight.
  const first = /^([A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*)(?:,|$)/.exec(header)?.[1];
  if (first) return first.toLowerCase();
  return mostWanted(header, () => true)
    .toLowerCase()
    .replaceAll("_", "-");
}

/**
 * Of some languages, given by their primary subtags in lower case, the one that is wanted most; `de-AT` wants `de`.
 * Null when none of them is named.
 */
export function preferredAmong(header: string, offered: ReadonlySet<string>): string | null {
  const tag = mostWanted(header, (named) => offered.has(primaryOf(named)));
  return tag === "" ? null : primaryOf(tag);
}

const primaryOf = (tag: string) => (/^[a-z]+/i.exec(tag)?.[0] ?? "").toLowerCase();

/** The tag with the greatest weight above 0 of those that count, the first of equal ones; empty when there is none. */
function mostWanted(header: string, counts: (tag: string) => boolean): string {
  let wanted = "";
  let most = 0;
  for (const [, tag = "", weight = "1"] of header.matchAll(item)) {
    if (Number(weight) <= most || !counts(tag)) continue;
    most = Number(weight);
    wanted = tag;
  }
  return wanted;
}
