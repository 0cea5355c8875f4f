// Reading of a user agent: the class of device, the families of system and browser, and whether it
// is a machine. By two lists that others keep (ua-parser-js, crawler-user-agents), with the few words that they lack.
import UAParser from "ua-parser-js";
import { browserFamily, systemFamily } from "./families.js";
import { type BotClass, botClass } from "./machines.js";
import { memoise } from "./memo.js";

/** Parts of a user agent that may be kept. */
export type Client = {
  device: "phone" | "tablet" | "desktop" | "tv" | "console" | "wearable" | "other";
  /** Families, without versions; null when not recognised. */
  os: string | null;
  browser: string | null;
  /** Null for people; `preview` is a messenger or social network that shows a link, `bot` any other machine. */
  botClass: BotClass;
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

const desktopSystems = new Set(["Windows", "macOS", "Linux", "ChromeOS", "FreeBSD", "OpenBSD", "NetBSD", "Solaris"]);
const phoneSystems = new Set(["Android", "iOS", "KaiOS", "HarmonyOS", "Windows Phone", "BlackBerry"]);

/** Reads a user agent's text; the same text is read once. */
export const readUserAgent = memoise(readText, textsMax);

/** Televisions hide the words that phones are known by, and UC Browser shortens one. */
const plain = (text: string) =>
  /Andr0id|Chr0me|\bAdr \d/.test(text)
    ? text
        .replace("Andr0id", "Android")
        .replace("Chr0me", "Chrome")
        .replace(/\bAdr (?=\d)/, "Android ")
    : text;

function readText(sent: string): Client {
  const text = plain(sent);
  // Three questions: asked for everything, it would look for processors and engines, too.
  const parser = new UAParser(text);
  const browser = parser.getBrowser().name;
  const system = parser.getOS().name;
  const os = systemFamily(system);
  const type = new UAParser(text.slice(0, deviceLengthMax)).getDevice().type;
  return {
    device: deviceClass(type, os, text),
    os,
    browser: browserFamily(browser, text),
    botClass: botClass(sent, { browser, os: system, device: type }),
  };
}

/** Names of televisions, set-top boxes and digital signs. */
const television =
  /Smart-?TV|HbbTV|NETTV|CE-HTML|InettvBrowser|\bDTV|Google ?TV|Android ?TV|AppleTV|BRAVIA|\bAFT[A-Z]|CrKey|Web0S|NetCast|VIDAA|NETRANGE|\bTV\b|Tbrowser|\bOMI\/|BrightSign|SRAF\/|Roku|MiTV|MIBOX|TV ?Box|\bATV\b|Andr0id|OTT/i;

function deviceClass(type: string | undefined, system: string | null, text: string): Client["device"] {
  if (type !== "console" && television.test(text) && !/Mobile Safari/.test(text)) return "tv";
  // Browsers of tablets leave the word out (Chrome, user agents on Android).
  if (type === "tablet" && system === "Android" && /\bMobile\b/.test(text)) return "phone";
  const known = devices[type ?? ""];
  if (known) return known;
  if (type !== undefined || system === null) return "other";
  if (desktopSystems.has(system)) return "desktop";
  return phoneSystems.has(system) ? "phone" : "other";
}
