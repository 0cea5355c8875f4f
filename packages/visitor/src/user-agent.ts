// What a user agent's text says of who asked: the class of device, the families of system and browser, and whether it
// is a machine. By two lists that others keep (ua-parser-js, crawler-user-agents), with the few words that they lack.
import { createRequire } from "node:module";
import { traitLengthMax } from "@qrfactory/domain/events";
import UAParser from "ua-parser-js";
import { memoise } from "./memo.js";

/** What may be kept of a user agent. */
export type Client = {
  device: "phone" | "tablet" | "desktop" | "tv" | "console" | "wearable" | "other";
  /** Families, without versions; null when not recognised. */
  os: string | null;
  browser: string | null;
  /** Null for people; `preview` is a messenger or social network that shows a link, `bot` any other machine. */
  botClass: "bot" | "preview" | null;
};

/** The usual texts of a day are some thousands, of at most 512 characters each. */
const textsMax = 10_000;

/**
 * Characters in which a device is looked for, from the beginning of a text. Its expressions take four times as long for
 * twice the length, and further on there are only the names of apps.
 */
const deviceLengthMax = 256;

/** ua-parser-js's class → ours. */
const devices: Record<string, Client["device"]> = {
  mobile: "phone",
  tablet: "tablet",
  smarttv: "tv",
  console: "console",
  wearable: "wearable",
  xr: "wearable",
};

/**
 * ua-parser-js's name → the family as people call it; the many distributions of Linux are one family. From version 5 on
 * HarmonyOS calls itself OpenHarmony.
 */
const systems = new Map([
  ["Mac OS", "macOS"],
  ["Chromium OS", "ChromeOS"],
  ["KAIOS", "KaiOS"],
  ["OpenHarmony", "HarmonyOS"],
]);
const linux =
  /^(Arch|CentOS|Debian|Fedora|Gentoo|GNU|Linpus|Mageia|Mandriva|Manjaro|Mint|openSUSE|RedHat|SUSE|Ubuntu)$/;
const browsers = new Map([
  ["GSA", "Google"],
  ["KAKAOTALK", "KakaoTalk"],
  ["WebKit", "In-app browser"],
]);
const desktopSystems = new Set(["Windows", "macOS", "Linux", "ChromeOS", "FreeBSD", "OpenBSD", "NetBSD", "Solaris"]);
const phoneSystems = new Set(["Android", "iOS", "KaiOS", "HarmonyOS", "Windows Phone", "BlackBerry"]);

type Crawler = { pattern: string; tags?: string[] };
// A JSON module: the package's own entry imports it with an attribute that Jest's module loader does not know.
const crawlers = createRequire(import.meta.url)("crawler-user-agents") as Crawler[];
const isPreview = ({ tags }: Crawler) => tags?.includes("social-preview") ?? false;
const anyOf = (some: Crawler[]) => new RegExp(some.map(({ pattern }) => pattern).join("|"));

/** Previews come first: their texts often name a crawler's words, too. */
const listedPreview = anyOf(crawlers.filter(isPreview));
const listedCrawler = anyOf(crawlers.filter((crawler) => !isPreview(crawler)));
const otherPreview = /preview|unfurl|cardyb|kakaotalk-scrap/i;
/** Not "Cubot", which makes phones. */
const otherCrawler = /(?<!cu)bots?\b|crawler|spider|\+https?:|compatible; Google-|^Dalvik\//i;

/** Reads a user agent's text; the same text is read once. */
export const readUserAgent = memoise(readText, textsMax);

function readText(text: string): Client {
  // Three questions: asked for everything, it would look for processors and engines, too.
  const parser = new UAParser(text);
  const browser = parser.getBrowser().name;
  const os = systemFamily(parser.getOS().name);
  const device = new UAParser(text.slice(0, deviceLengthMax)).getDevice().type;
  return { device: deviceClass(device, os), os, browser: browserFamily(browser), botClass: botClass(text, browser) };
}

function systemFamily(name: string | undefined): string | null {
  if (!name) return null;
  return linux.test(name) ? "Linux" : (systems.get(name) ?? name).slice(0, traitLengthMax);
}

/** `Mobile Safari`, `Chrome Headless`, `Chrome WebView` are the family of their engine. */
function browserFamily(name: string | undefined): string | null {
  if (!name) return null;
  return (
    browsers.get(name) ??
    name.replace(/^Mobile | (WebView|Headless|Mobile|Focus|Reality)$/g, "").slice(0, traitLengthMax)
  );
}

function deviceClass(type: string | undefined, system: string | null): Client["device"] {
  const known = devices[type ?? ""];
  if (known) return known;
  if (type !== undefined || system === null) return "other";
  if (desktopSystems.has(system)) return "desktop";
  return phoneSystems.has(system) ? "phone" : "other";
}

/** Every browser calls itself Mozilla or is recognised: what does neither is a program. */
function botClass(text: string, browser: string | undefined): Client["botClass"] {
  if (listedPreview.test(text) || otherPreview.test(text)) return "preview";
  if (listedCrawler.test(text) || otherCrawler.test(text)) return "bot";
  return text.startsWith("Mozilla/") || browser !== undefined ? null : "bot";
}
