// Whether a user agent's text is that of a machine: by two lists that others keep (crawler-user-agents,
// es6-crawler-detect) and the words by which machines call themselves. The model and the build of a phone are no words
// of its software, so they are left out first; the app or browser that a person uses outvotes a word of the lists.
import { createRequire } from "node:module";

/** Kind of a machine, null for a person. */
export type BotClass = "bot" | "preview" | null;

type Crawler = { pattern: string; tags?: string[] };
// CommonJS and JSON: the first package's own entry imports with an attribute that Jest's module loader does not know.
const require = createRequire(import.meta.url);
const crawlers = require("crawler-user-agents") as Crawler[];
const more = require("es6-crawler-detect/dist/lib/crawler/crawlers.js") as {
  Crawlers: new () => { getAll(): string[] };
};

/** Patterns of names that phones, browsers and apps of people have, too; they count where no browser speaks. */
const alsoPeople = new Set([
  "AP3A\\.240617\\.008",
  "MetaIAB Facebook",
  "WhatsApp",
  "Viber",
  "Notion\\/",
  "Sogou",
  "Fever",
  "Butterfly",
  "Demon",
  "QrafterPro",
  "QQDownload",
  "Webster",
]);

const isPreview = ({ tags }: Crawler) => tags?.includes("social-preview") ?? false;
const isOfPeople = ({ pattern }: Crawler) => alsoPeople.has(pattern);
/** Sorted, because V8 joins neighbours that begin alike: a text is read in a fifth of the time. */
const anyOf = (patterns: readonly string[], flags = "") => new RegExp([...patterns].sort().join("|"), flags);
const patternsOf = (some: Crawler[]) => some.map(({ pattern }) => pattern);

/** Previews come first: their texts often name a crawler's words, too. */
const listedPreview = anyOf(patternsOf(crawlers.filter((crawler) => isPreview(crawler) && !isOfPeople(crawler))));
const listedCrawler = anyOf(patternsOf(crawlers.filter((crawler) => !isPreview(crawler) && !isOfPeople(crawler))));
const namesakePreview = anyOf(patternsOf(crawlers.filter((crawler) => isPreview(crawler) && isOfPeople(crawler))));
const secondList = anyOf(
  // Its last pattern is of words; ours are below, because people scan with readers and scanners.
  new more.Crawlers().getAll().filter((pattern) => !alsoPeople.has(pattern) && !pattern.includes("|reader|")),
  "i",
);
const otherPreview = /preview|unfurl|cardyb|kakaotalk-scrap/i;
const otherCrawler =
  /bots?\b|bot\W?\d|crawl|spider|archiver|transcoder|scraper|scan@|mailto:|\+https?:|[^\w\s-]google(?:-|ad)|-google\/|^Dalvik\//i;
/** Words that apps of people use, too; machines seldom say that they are phones. */
const work =
  /reader|scanner\b|check(?:er\b|proxy)|monitor|uptime|validator|fetcher|\bcron|extract|analy[sz]er|detector|collector|inspect|measurement|synthetics?\b|prospect/i;
const phoneBrowser = /(?:iPhone|iPad|Android)[^)]*\).*WebKit/;
/** Machines say where they are explained; of browsers, only old additions to Internet Explorer do. */
const address = /https?:\/\//;
const oldBrowser = /MSIE|Trident|Opera/;
/** Engines that draw pages. A text that begins as all browsers do, and names none of them, is a program's. */
const engine = /AppleWebKit|KHTML|Gecko|MSIE|Trident|Presto|Opera|NetFront|Goanna|Servo|WebKit|browser/i;

/** `Android 15; en-us; PKC110 Build/AP3A.240617.008`: what follows the version, up to the end of its part. */
const androidModel =
  /(Andr[o0]id [^;()]*(?:\([^()]*\))?)((?:; ?[a-z]{2}(?:[-_][a-z]{2})?)?)(?:; ?[^;()]*(?:\([^()]*\)[^;()]*)*)/i;

/** Phones and televisions of before, whose browsers did not call themselves Mozilla. */
const older = /MIDP|UP\.(?:Browser|Link)|\bWAP|DoCoMo|HbbTV|Obigo|NetFront|Series60|^iPhone\d/i;

/** Words of apps about their phone, in brackets, and of televisions; then names that contain a machine's word. */
const deviceDetails = /(Instagram|Barcelona|HbbTV|FVC)([^(]{0,40})\([^)]*\)/g;
const namesakes = /\beReader\b|\(Bottle\)/g;

/** Parts that ua-parser-js names in a text. */
export type Named = { browser: string | undefined; os: string | undefined; device: string | undefined };

/** Tells of a text and what is named in it; a browser that is not named calls itself Mozilla. */
export function botClass(text: string, { browser, os, device }: Named): BotClass {
  const isBrowser = text.startsWith("Mozilla/") || browser !== undefined || older.test(text);
  if (!isBrowser && namesakePreview.test(text)) return "preview";
  const words = text.replace(androidModel, "$1$2").replace(deviceDetails, "$1$2").replace(namesakes, "");
  if (listedPreview.test(words) || otherPreview.test(words)) return "preview";
  if (listedCrawler.test(words) || secondList.test(words) || otherCrawler.test(words)) return "bot";
  if (work.test(words) && !phoneBrowser.test(words)) return "bot";
  if (address.test(words) && !oldBrowser.test(words)) return "bot";
  const isNamed = browser !== undefined || os !== undefined || device !== undefined;
  if (/^Mozilla\/[5-9]\S* ./.test(text) && !isNamed && !engine.test(text)) return "bot";
  return isBrowser ? null : "bot";
}
