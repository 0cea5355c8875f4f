// How systems and browsers are called, where ua-parser-js does not say it as people do: one spelling for each, families
// without versions, and the apps that it does not know.
import { traitLengthMax } from "@qrfactory/domain/events";

/** In the spelling of their makers; ua-parser-js repeats what a text wrote. */
const spelt = [
  ...["Android", "iOS", "macOS", "Windows", "Linux", "ChromeOS", "webOS", "Tizen", "KaiOS", "HarmonyOS", "Fire OS"],
  ...["Windows Phone", "BlackBerry", "Symbian", "Bada", "PlayStation", "Nintendo", "Xbox", "FreeBSD", "OpenBSD"],
  ...["NetBSD", "Solaris", "Chromecast", "Firefox OS", "Sailfish", "RIM Tablet OS", "Palm", "MeeGo", "BeOS", "Haiku"],
];
const spellings = new Map(spelt.map((name) => [name.toLowerCase(), name]));

/** ua-parser-js's name in small letters → the family. From version 5 on HarmonyOS calls itself OpenHarmony. */
const systems = new Map([
  ["mac os", "macOS"],
  ["chromium os", "ChromeOS"],
  ["openharmony", "HarmonyOS"],
]);
/** The many distributions of Linux, and brands of television sets, which are not systems. */
const linux =
  /^(Arch|CentOS|Debian|Fedora|Gentoo|GNU|Linpus|Mageia|Mandriva|Manjaro|Mint|openSUSE|RedHat|SUSE|Ubuntu|NETRANGE|NETTV|NetCast|Roku|VIDAA)$/i;

/** The family of a system that ua-parser-js names; null when it names none. */
export function systemFamily(name: string | undefined): string | null {
  if (!name) return null;
  if (linux.test(name)) return "Linux";
  const small = name.toLowerCase();
  return (systems.get(small) ?? spellings.get(small) ?? name).slice(0, traitLengthMax);
}

/** Of texts in small letters, whose names ua-parser-js repeats. */
const spelledBrowsers = new Map(
  ["Chrome", "Safari", "Firefox", "Edge", "Opera", "Samsung Internet"].map((name) => [name.toLowerCase(), name]),
);

const browsers = new Map([
  ["GSA", "Google"],
  ["KAKAOTALK", "KakaoTalk"],
  ["WebKit", "In-app browser"],
]);

/** Marks of apps and browsers that ua-parser-js takes for the engine that they use; the first that is there counts. */
const marks: [mark: RegExp, name: string][] = [
  [/Barcelona [\d.]/, "Threads"],
  [/\[?Pinterest\//, "Pinterest"],
  [/Telegram(?:-Android)?\//, "Telegram"],
  [/\bZalo(?:Theme|[ /])/, "Zalo"],
  [/\bViber\//, "Viber"],
  [/\bNotion\//, "Notion"],
  [/GoogleApp\//, "Google"],
  [/Sogou(?:MobileBrowser|MSE|Search)/, "Sogou"],
  [/YandexSearch|YaApp_/, "Yandex"],
  [/AlohaBrowser\//, "Aloha"],
  [/(?:HeyTap|Oppo)Browser\//, "HeyTap"],
  [/MZBrowser\//, "Meizu"],
  [/ PHX\//, "Phoenix"],
  [/Mint Browser\//, "Mint"],
  [/LG Browser\//, "LG Browser"],
  [/\bTV Bro\//, "TV Bro"],
  [/ Odin\/\d/, "Odin"],
];
/** One look at a text says whether any is there. */
const anyMark = new RegExp(marks.map(([{ source }]) => source).join("|"));

/** The family of a browser: `Mobile Safari`, `Chrome Headless`, `Chrome WebView` are that of their engine. */
export function browserFamily(name: string | undefined, text: string): string | null {
  const marked = anyMark.test(text) ? marks.find(([mark]) => mark.test(text)) : undefined;
  if (marked) return marked[1];
  if (!name) return null;
  // Chrome has been the engine of Android's own browser, and has its version, since Android 4.4.
  if (name === "Android Browser" && /Chrome\/\d/.test(text)) return "Chrome";
  return (
    browsers.get(name) ??
    spelledBrowsers.get(name) ??
    name.replace(/^Mobile | (WebView|Headless|Mobile|Focus|Reality)$/g, "").slice(0, traitLengthMax)
  );
}
