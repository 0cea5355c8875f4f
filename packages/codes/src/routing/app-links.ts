// Addresses that open an app: web addresses that a phone hands to an app by itself, and addresses of a scheme of the
// app's own, which lead nowhere where the app is missing and so need a way back to the web.

/** Longest address of an app, in characters: with the web address inside an `intent:` it still fits in a header. */
const appLinkLengthMax = 500;

/** Schemes that run code, read what is on the device, or could be taken for one of ours. */
const refusedSchemes = new Set([
  ...["javascript", "data", "vbscript", "file", "blob", "about", "filesystem", "view-source", "content", "intent"],
  ...["android-app", "chrome", "jar", "resource", "res", "ws", "wss", "ftp"],
]);

/** `scheme://` and characters that mean nothing in HTML, in a header or at the end of an `intent:` address. */
const appLinkPattern = /^([a-z][a-z0-9+.-]{1,30}):\/\/[A-Za-z0-9._~:/?@!$&()*+,;=%-]*$/;

/** Whether an address is one of the web, to be judged as destinations are. */
export const isWebAddress = (link: string): boolean => /^https?:/i.test(link);

/** The reason to refuse an address of an app's own scheme; null when there is none. */
export function appLinkRefusal(link: string): string | null {
  if (link.length > appLinkLengthMax) return `Use at most ${appLinkLengthMax} characters.`;
  const scheme = appLinkPattern.exec(link)?.[1];
  if (scheme === undefined) return "Use https://… or the app's own scheme in lower case, such as myapp://menu/12.";
  return refusedSchemes.has(scheme) ? `The scheme ${scheme} does not open an app.` : null;
}

/**
 * An app's own address as Chrome on Android follows it (developer.chrome.com/docs/android/intents): the app opens, or
 * the web address where it is not installed.
 */
export function intentAddress(link: string, webUrl: string): string {
  // Only the first `://` ends the scheme: the query of a link may hold an address of its own.
  const end = link.indexOf("://");
  const [scheme, rest] = [link.slice(0, end), link.slice(end + "://".length)];
  return `intent://${rest}#Intent;scheme=${scheme};S.browser_fallback_url=${encodeURIComponent(webUrl)};end`;
}
