// The language that a visitor wants most, of an `Accept-Language` header (RFC 9110, 12.5.4).

/** A language tag (RFC 5646, 2.1) of a shape that browsers send. */
export const languageTagPattern = /^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,4}$/;

/** Some apps write `en_US`. Spaces can be matched in one way only, or a thousand of them would take a second. */
const item = /(?:^|,)[\t ]*([a-z]{2,8}(?:[-_][a-z0-9]{1,8})*)[\t ]*(?:;[\t ]*q=([01](?:\.\d{0,3})?)[\t ]*)?(?=,|$)/gi;

/** In lower case, e.g. `de-at` of `de-AT,de;q=0.9,en;q=0.8`; of equal ones the first. Empty when none is named. */
export function preferredLanguage(header: string): string {
  // What nearly every header begins with: a first choice without a weight.
  const first = /^([A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*)(?:,|$)/.exec(header)?.[1];
  if (first) return first.toLowerCase();
  let preferred = "";
  let most = 0;
  for (const [, tag = "", weight = "1"] of header.matchAll(item)) {
    if (Number(weight) <= most) continue;
    most = Number(weight);
    preferred = tag;
  }
  return preferred.toLowerCase().replaceAll("_", "-");
}
