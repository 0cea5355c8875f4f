// Limits on the headers of a scan. Each is cut before anything looks into it, so that those of a stranger cost no more
// than those of a phone; reading 16 kB of `Accept-Language` would take as long as fifty scans. Three texts have their
// limits where they are read: `X-Forwarded-For`, from its right end (domain/network/network), the query that goes along
// (codes/location-query) and the form with a password (password-form.ts).

/** Characters that are read of a header, from its beginning. */
const lengthsMax = {
  /** Browsers send some 150 and begin with `text/html`. */
  accept: 512,
  /** Sixteen languages with their regions and weights. */
  acceptLanguage: 256,
  /** `prefetch;prerender;anonymous-client-ip` is the longest in use. */
  purpose: 64,
  /** The longest host with a beginning of its path, which nobody looks at. */
  referrer: 1_024,
  /** Browsers inside apps send up to 450. */
  userAgent: 512,
};

/** The part of a header that is read; empty when it was not sent. */
export function cutHeader(name: keyof typeof lengthsMax, text = ""): string {
  const lengthMax = lengthsMax[name];
  return text.length > lengthMax ? text.slice(0, lengthMax) : text;
}

/** Whether a `Sec-Purpose`, or a forerunner of it, says that the browser asks ahead of its user. */
export function saysPrefetch(purpose: string | undefined): boolean {
  return purpose !== undefined && /\bpre(fetch|view)\b/i.test(cutHeader("purpose", purpose));
}
