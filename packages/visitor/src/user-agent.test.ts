import { expect, test } from "@jest/globals";
import { readUserAgent } from "./user-agent.js";

const ios = (rest: string) =>
  `Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) ${rest}`;
const chromium = (system: string, rest: string) =>
  `Mozilla/5.0 (${system}) AppleWebKit/537.36 (KHTML, like Gecko) ${rest}`;

test.each([
  ["phone", "iOS", "Safari", ios("Version/17.5 Mobile/15E148 Safari/604.1")],
  ["phone", "iOS", "Chrome", ios("CriOS/126.0.6478.54 Mobile/15E148 Safari/604.1")],
  ["phone", "iOS", "Google", ios("GSA/320.0.640 Mobile/15E148 Safari/604.1")],
  ["phone", "iOS", "Instagram", ios("Mobile/15E148 Instagram 334.0.4.32.98 (iPhone14,5; iOS 17_5; en_US)")],
  ["phone", "iOS", "Snapchat", ios("Mobile/15E148 Snapchat/12.90.0.33 (like Safari/8617.2.4.10.8, panda)")],
  ["phone", "iOS", "WeChat", ios("Mobile/15E148 MicroMessenger/8.0.49(0x18003137) NetType/WIFI Language/en")],
  ["phone", "iOS", "Twitter", ios("Mobile/15E148 Twitter for iPhone/10.43")],
  ["phone", "iOS", "In-app browser", ios("Mobile/15E148 QRReader/1.0")],
  ["phone", "iOS", "In-app browser", ios("Mobile/15E148 Barcode Scanner/3.1")],
  ["phone", "Android", "Chrome", chromium("Linux; Android 10; K", "Chrome/125.0.0.0 Mobile Safari/537.36")],
  ["phone", "Android", "Chrome", chromium("Linux; Android 9; CUBOT X19", "Chrome/110.0.0.0 Mobile Safari/537.36")],
  [
    "phone",
    "Android",
    "Samsung Internet",
    chromium("Linux; Android 14; SM-A546B", "SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36"),
  ],
  [
    "phone",
    "Android",
    "Chrome",
    chromium("Linux; Android 14; Pixel 7; wv", "Version/4.0 Chrome/125.0.0.0 Mobile Safari/537.36"),
  ],
  ["phone", "Android", "Firefox", "Mozilla/5.0 (Android 14; Mobile; rv:126.0) Gecko/126.0 Firefox/126.0"],
  ["phone", "Android", "Opera Mini", "Opera/9.80 (Android; Opera Mini/36.2.2254/119.132; U; id) Presto/2.12.423"],
  ["phone", "KaiOS", "Firefox", "Mozilla/5.0 (Mobile; Nokia 8110 4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5"],
  [
    "phone",
    "HarmonyOS",
    "Huawei Browser",
    chromium("Phone; OpenHarmony 5.0", "Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1 Mobile HuaweiBrowser/5.0.4.300"),
  ],
  ["tablet", "Android", "Chrome", chromium("Linux; Android 13; SM-X700", "Chrome/125.0.0.0 Safari/537.36")],
  [
    "tablet",
    "iOS",
    "Safari",
    "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) " +
      "Version/17.5 Mobile/15E148 Safari/604.1",
  ],
  [
    "desktop",
    "macOS",
    "Safari",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) " +
      "Version/17.5 Safari/605.1.15",
  ],
  [
    "desktop",
    "Windows",
    "Edge",
    chromium("Windows NT 10.0; Win64; x64", "Chrome/125.0.0.0 Safari/537.36 Edg/125.0.0.0"),
  ],
  ["desktop", "ChromeOS", "Chrome", chromium("X11; CrOS x86_64 14541.0.0", "Chrome/125.0.0.0 Safari/537.36")],
  ["desktop", "Linux", "Firefox", "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0"],
  ["desktop", "Linux", "Firefox", "Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0"],
  ["tv", "webOS", "Chrome", chromium("Web0S; Linux/SmartTV", "Chrome/94.0.4606.128 Safari/537.36 WebAppManager")],
  [
    "console",
    "PlayStation",
    "Safari",
    "Mozilla/5.0 (PlayStation; PlayStation 5/2.26) AppleWebKit/605.1.15 (KHTML, like Gecko) " +
      "Version/13.0 Safari/605.1.15",
  ],
  [
    "wearable",
    "Android",
    "Samsung Internet",
    chromium("Linux; Android 11; SM-R890", "SamsungBrowser/18.0 Chrome/99.0.4844.88 Mobile Safari/537.36"),
  ],
  ["other", null, null, "Mozilla/5.0"],
  // A build of Android 15 that a list of crawlers holds, in the apps in which people scan.
  ...[
    ["Instagram", "Instagram 406.0.0.58.159 Android (35/15; 480dpi; 1080x2400; OPPO; CPH2557; OP573DL1; en_MY; 1)"],
    ["Facebook", "[FB_IAB/FB4A;FBAV/569.0.0.42.72;IABMV/1;]"],
    ["Threads", "Barcelona 360.0.0.31.108 Android (35/15; 480dpi; 1080x2400; OPPO; Cubot; botan; en_US; 1)"],
    ["WeChat", "MicroMessenger/8.0.49(0x18003137) NetType/WIFI Language/en"],
    ["TikTok", "trill_370104 musical_ly_2024 BytedanceWebview/d8a21c6"],
    ["Chrome", "MetaIAB Facebook"],
    ["Pinterest", "[Pinterest/Android]"],
    ["Telegram", "Telegram-Android/11.4.2 (OPPO CPH2557; Android 15; SDK 35; AVERAGE)"],
    ["Zalo", "Zalo android/24090123 ZaloTheme/light ZaloLanguage/en"],
    ["Viber", "Viber/24.1.0.0"],
    ["Notion", "Notion/1.8"],
    ["Google", "GoogleApp/15.10"],
    ["Sogou", "SogouMSE,SogouMobileBrowser/6.1.5"],
  ].map(([browser, mark]): [string, string, string, string] => [
    "phone",
    "Android",
    browser as string,
    chromium(
      "Linux; Android 15; CPH2557 Build/AP3A.240617.008; wv",
      `Version/4.0 Chrome/142.0.7444.142 Mobile Safari/537.36 ${mark}`,
    ),
  ]),
  ...[
    "M bot 54",
    "ID bot 53+",
    "Spider 8",
    "CUBOT ECHO",
    "HTC Butterfly",
    "Fever_Plus_J",
    "Preview X1 Build/N2G47H",
  ].map((model): [string, string, string, string] => [
    "phone",
    "Android",
    "Chrome",
    chromium(`Linux; Android 7.0; ${model}`, "Chrome/78.0.3904.96 Mobile Safari/537.36"),
  ]),
  ["phone", "Android", "Chrome", chromium("Linux; Android 9; SM-T510", "Chrome/110.0.0.0 Mobile Safari/537.36")],
  [
    "phone",
    "Android",
    "Chrome",
    chromium("Linux; U; Android 9; en-us; Redmi", "Version/4.0 Chrome/61.0.3163.128 Mobile Safari/537.36"),
  ],
  [
    "phone",
    "Android",
    "Chrome",
    "mozilla/5.0 (linux; android 9; x1) applewebkit/537.36 chrome/110.0.0.0 mobile safari/537.36",
  ],
  [
    "phone",
    "Android",
    "UCBrowser",
    "UCWEB/2.0 (MIDP-2.0; U; Adr 9; ru; Redmi_Note_8) U2/1.0.0 UCBrowser/11.1.2.1113 U2/1.0.0 Mobile",
  ],
  [
    "tv",
    "webOS",
    "Chrome",
    chromium(
      "Web0S; Linux/SmartTV",
      "Chrome/87.0.4280.88 Safari/537.36 HbbTV/1.6.1 (+DRM; LGE; AX32; WEBOS22 03.34.35)",
    ),
  ],
  [
    "tv",
    "Linux",
    "Odin",
    chromium(
      "X11; Linux armv7l",
      "Chrome/88.0.4324.182 Odin/88.4324.2.10 Safari/537.36 Model/Hisense VIDAA/6.0(Hisense;SmartTV)",
    ),
  ],
])("a person on a %s with %s and %s is told apart", (device, os, browser, text) => {
  expect(readUserAgent(text)).toEqual({ device, os, browser, botClass: null });
});

test.each([
  ["bot", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"],
  ["bot", "Mozilla/5.0 (compatible; Nobody-Knows-This-Crawler/1.0)"],
  ["bot", ios("Version/17.0 Mobile/15E148 Safari/604.1 (Applebot/0.1)")],
  ["bot", chromium("X11; Linux x86_64", "HeadlessChrome/120.0.0.0 Safari/537.36")],
  ["bot", "UptimeRobot/2.0"],
  ["bot", "Mozilla/5.0 (compatible; Webzio-Extended/1.0)"],
  ["bot", "Mozilla/5.0 xtate/2.12.4"],
  ["bot", "Sogou web spider/4.0(+http://www.sogou.com/docs/help/webmasters.htm#07)"],
  [
    "bot",
    chromium(
      "Linux; Android 6.0.1; Nexus 5X Build/MMB29P",
      "Chrome/120.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    ),
  ],
  [
    "bot",
    chromium(
      "Linux; Android 8.0; Pixel 2 Build/OPD3.170816.012; DuplexWeb-Google/1.0",
      "Chrome/74.0.3729.131 Mobile Safari/537.36",
    ),
  ],
  ["preview", "Viber"],
  ["preview", "Notion/1.0 (https://notion.so; team@makenotion.com)"],
  ["bot", "curl/8.5.0"],
  ["bot", "Java/17.0.1"],
  ["bot", "Dalvik/2.1.0 (Linux; U; Android 13; SM-A536B Build/TP1A)"],
  ["bot", "MyApp/1 CFNetwork/1410.0.3 Darwin/22.6.0"],
  ["bot", ""],
  ["preview", "WhatsApp/2.23.20.0 A"],
  ["preview", "TelegramBot (like TwitterBot)"],
  ["preview", "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"],
  ["preview", "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"],
  ["preview", "Mozilla/5.0 (compatible; Bluesky Cardyb/1.1; +mailto:support@bsky.app)"],
  ["preview", "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)"],
  [
    "preview",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) " +
      "Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
  ],
])("a machine is a %s: %s", (botClass, text) => {
  expect(readUserAgent(text).botClass).toBe(botClass);
});

// How long such texts hold up others is measured by the drill `flood` and the attack `every-header-known`.
test.each(["(", "Mozilla/5.0 (", "Version/1.", "; ", "a/1 ", "Android ", "\\"])(
  "a text of nothing but %j is read as a machine's, and once",
  (piece) => {
    const text = piece.repeat(512).slice(0, 512);
    const read = readUserAgent(text);
    expect(read).toMatchObject({ browser: null, botClass: "bot" });
    expect(readUserAgent(text)).toBe(read);
  },
);

test("a device is looked for in the first 256 characters, the expressions for it being slow", () => {
  const textWith = (filling: number) => `Mozilla/5.0 (Linux; Android 10; ${"x".repeat(filling)} SM-T500) AppleWebKit`;
  expect(readUserAgent(textWith(200)).device).toBe("tablet");
  expect(readUserAgent(textWith(230)).device).toBe("phone");
});
