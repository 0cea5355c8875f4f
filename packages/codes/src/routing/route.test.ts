import { expect, test } from "@jest/globals";
import { preferredLanguage } from "@qrfactory/domain/http/preferred-language";
import fc from "fast-check";
import { toRouting } from "../published/publication.js";
import { type CodeState, compileRoutes, route, type Step } from "./route.js";
import { type RuleInput, rulesField } from "./routing-input.js";
import type { Visitor } from "./rules.js";

const destination = "https://example.com/";
const ruled = "https://example.com/ruled";
const state: CodeState = { isActive: true, expiresAt: null, isUsedUp: false, fallbackUrl: null };
/** A Saturday in November. */
const noon = Date.parse("2026-11-21T12:00:00Z");

type Facts = {
  language?: string;
  country?: string | null | (() => string);
  device?: string;
  os?: string | null;
  botClass?: string | null;
};
type Who = Facts & Partial<Omit<Visitor, keyof Facts>>;
function visitor({
  language = "",
  country = null,
  device = "phone",
  os = null,
  botClass = null,
  ...rest
}: Who): Visitor {
  return {
    country: typeof country === "function" ? country : () => country,
    client: () => ({ device, os, botClass }),
    system: () => (os ?? "").toLowerCase(),
    language: () => preferredLanguage(language),
    key: () => "0123456789abcdef",
    query: "",
    ...rest,
  };
}

const columns = { rules: [], variants: [], forwardQuery: false, utm: null, appLinks: null, passwordHash: null };
type Columns = Parameters<typeof toRouting>[0];
const routes = (changes: Partial<Columns>) => compileRoutes(destination, toRouting({ ...columns, ...changes }));
const decide = (changes: Partial<Columns>, who: Who = {}, at = noon) => route(state, routes(changes), visitor(who), at);

/** A rule as the API takes it. */
const when = (condition: RuleInput["when"]): Partial<Columns> => ({
  rules: rulesField.parse([{ when: condition, destination_url: ruled }]),
});
const matches = (condition: RuleInput["when"], who: Who = {}, at = "2026-11-21T12:00:00Z") =>
  decide(when(condition), who, Date.parse(at));

test.each<[string, RuleInput["when"], Who, boolean]>([
  ["a country", { country: "AT" }, { country: "AT" }, true],
  ["a country in lower case", { country: "at" }, { country: "AT" }, true],
  ["another country", { country: "AT" }, { country: "DE" }, false],
  ["one of some countries", { country: ["AT", "DE"] }, { country: "DE" }, true],
  ["a country that is not known", { country: "AT" }, { country: null }, false],
  ["a language of any region", { language: "de" }, { language: "de-AT,en;q=0.9" }, true],
  ["a language of a region", { language: "pt-BR" }, { language: "pt-br" }, true],
  ["a region that was not named", { language: "de-AT" }, { language: "de" }, false],
  ["a language that begins alike", { language: "fi" }, { language: "fil" }, false],
  ["a second choice", { language: "en" }, { language: "de-AT,en;q=0.9" }, false],
  ["a first choice that stands last", { language: ["fr", "en"] }, { language: "de;q=0.5, en;q=0.8" }, true],
  ["a choice with a capital Q", { language: "en" }, { language: "de;Q=0.5, en" }, true],
  ["a language with an underscore", { language: "en-US" }, { language: "en_US" }, true],
  ["the region of a language with an underscore", { language: "us" }, { language: "en_US" }, false],
  ["a part of a private tag", { language: "klingon" }, { language: "x-klingon" }, false],
  ["no language", { language: "en" }, {}, false],
  ["a device", { device: "tablet" }, { device: "tablet" }, true],
  ["a mobile, which is a phone", { device: "mobile" }, { device: "phone" }, true],
  ["another device", { device: ["tv", "desktop"] }, { device: "phone" }, false],
  ["a system in any case", { os: "ios" }, { os: "iOS" }, true],
  ["another system", { os: "Android" }, { os: "iOS" }, false],
  ["an unknown system", { os: "Android" }, { os: null }, false],
  ["two conditions that hold", { country: "AT", device: "phone" }, { country: "AT" }, true],
  ["two conditions of which one holds", { country: "AT", device: "tv" }, { country: "AT" }, false],
])("a rule asks for %s", (_name, condition, who, expected) => {
  expect(matches(condition, who)).toMatchObject(expected ? { url: ruled, rule: 0 } : { url: destination, rule: null });
});

test.each<[string, RuleInput["when"], string, boolean]>([
  ["from a moment", { from: "2026-11-21T13:00:00+01:00" }, "2026-11-21T12:00:00Z", true],
  ["before it", { from: "2026-11-21T13:00:00+01:00" }, "2026-11-21T11:59:59.999Z", false],
  ["until a moment", { until: "2026-11-21T12:00:00Z" }, "2026-11-21T11:59:59.999Z", true],
  ["at its end", { until: "2026-11-21T12:00:00Z" }, "2026-11-21T12:00:00Z", false],
  ["on a day", { days: ["sat", "sun"] }, "2026-11-21T23:59:59Z", true],
  ["on the day after", { days: "sat" }, "2026-11-22T00:00:00Z", false],
  ["on that day elsewhere", { days: "sun", timezone: "Pacific/Auckland" }, "2026-11-21T12:00:00Z", true],
  ["within hours", { hours: "09:00-17:30" }, "2026-11-21T17:29:59Z", true],
  ["at their end", { hours: "09:00-17:30" }, "2026-11-21T17:30:00Z", false],
  ["at their beginning", { hours: "09:00-17:30" }, "2026-11-21T09:00:00Z", true],
  ["in hours of a half-hour zone", { hours: "17:30-17:31", timezone: "asia/kolkata" }, "2026-11-21T12:00:30Z", true],
  ["until the end of the day", { hours: "12:00-24:00" }, "2026-11-21T23:59:59Z", true],
  ["late in hours over midnight", { hours: "22:00-02:00" }, "2026-11-21T22:00:00Z", true],
  ["early in hours over midnight", { hours: "22:00-02:00" }, "2026-11-21T01:59:00Z", true],
  ["outside of hours over midnight", { hours: "22:00-02:00" }, "2026-11-21T02:00:00Z", false],
  ["in the night that began on Friday", { hours: "22:00-02:00", days: "fri" }, "2026-11-21T01:00:00Z", true],
  ["in the night before Friday", { hours: "22:00-02:00", days: "fri" }, "2026-11-20T01:00:00Z", false],
  ["in the night from Sunday to Monday", { hours: "22:00-02:00", days: "sun" }, "2026-11-23T01:00:00Z", true],
  // Clocks in Vienna go from 02:00 to 03:00 on 29 March and from 03:00 back to 02:00 on 25 October 2026.
  [
    "before the hour that is skipped",
    { hours: "01:00-02:00", timezone: "Europe/Vienna" },
    "2026-03-29T00:59:59Z",
    true,
  ],
  ["right after it", { hours: "03:00-04:00", timezone: "Europe/Vienna" }, "2026-03-29T01:00:00Z", true],
  ["within it, which never is", { hours: "02:00-03:00", timezone: "Europe/Vienna" }, "2026-03-29T01:00:00Z", false],
  ["in the hour that comes twice", { hours: "02:00-03:00", timezone: "Europe/Vienna" }, "2026-10-25T00:30:00Z", true],
  ["in it again", { hours: "02:00-03:00", timezone: "Europe/Vienna" }, "2026-10-25T01:30:00Z", true],
  ["after both", { hours: "02:00-03:00", timezone: "Europe/Vienna" }, "2026-10-25T02:00:00Z", false],
  ["half an hour of change", { hours: "01:30-02:00", timezone: "Australia/Lord_Howe" }, "2026-04-04T15:10:00Z", true],
])("a rule that is about time, %s", (_name, condition, at, expected) => {
  expect(matches(condition, {}, at)).toMatchObject({ url: expected ? ruled : destination });
});

test("the first rule that matches decides, and a country is looked up only by rules that ask for one", () => {
  const rules: RuleInput[] = [
    { when: { os: "Android" }, destination_url: "https://example.com/0" },
    { when: { device: "phone" }, destination_url: "https://example.com/1" },
    { when: { country: "AT" }, destination_url: "https://example.com/2" },
  ];
  let asked = 0;
  const country = () => {
    asked += 1;
    return "AT";
  };
  expect(decide({ rules }, { country })).toMatchObject({ url: "https://example.com/1", rule: 1 });
  expect(asked).toBe(0);
  expect(decide({ rules }, { country, device: "tv" })).toMatchObject({ rule: 2 });
  expect(asked).toBe(1);
});

const key = (i: number) => {
  const text = Math.imul(i + 1, 0x9e3779b1) >>> 0;
  return (
    text.toString(16).padStart(8, "0") + (Math.imul(text ^ 0x5bd1e995, 0x85ebca6b) >>> 0).toString(16).padStart(8, "0")
  );
};
const variantsOf = (...weights: number[]) =>
  weights.map((weight, i) => ({ destination_url: `https://example.com/${i}`, weight }));

test.each([[[1, 1]], [[3, 1]], [[70, 20, 10]], [[0, 5]], [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]]])(
  "of 100,000 visitors variants get the share of their weights %j within 1 %%",
  (weights) => {
    const ways = routes({ variants: variantsOf(...weights) });
    const counts = weights.map(() => 0);
    for (let i = 0; i < 100_000; i++) {
      const { variant } = route(state, ways, visitor({ key: () => key(i) }), noon) as { variant: number };
      counts[variant] = (counts[variant] as number) + 1;
    }
    const whole = weights.reduce((a, b) => a + b);
    weights.forEach((weight, i) => {
      expect(Math.abs((counts[i] as number) / 100_000 - weight / whole)).toBeLessThan(0.01);
    });
  },
);

test("each of 10,000 visitors keeps a variant, and a heavier one takes visitors away from others but never among them", () => {
  const before = routes({ variants: variantsOf(1, 1, 1) });
  const after = routes({ variants: variantsOf(1, 1, 2) });
  const reversed = routes({ variants: variantsOf(1, 1, 1).reverse() });
  const moved = { later: 0, elsewhere: 0, byOrder: 0 };
  for (let i = 0; i < 10_000; i++) {
    const who = visitor({ key: () => key(i) });
    const urlOf = (ways: typeof before, at = noon) => (route(state, ways, who, at) as { url: string }).url;
    const first = urlOf(before);
    if (urlOf(before, noon + 40 * 86_400_000) !== first) moved.later += 1;
    if (![first, "https://example.com/2"].includes(urlOf(after))) moved.elsewhere += 1;
    if (urlOf(reversed) !== first) moved.byOrder += 1;
  }
  expect(moved).toEqual({ later: 0, elsewhere: 0, byOrder: 0 });
});

test("rules come before variants, and variants before the destination", () => {
  const both = { ...when({ device: "tv" }), variants: variantsOf(1, 1) };
  expect(decide(both, { device: "tv" })).toMatchObject({ url: ruled, rule: 0, variant: null });
  expect(decide(both)).toMatchObject({ rule: null, variant: expect.any(Number) });
});

test("pause, expiry and use come before the password, and the password before everything else", () => {
  const locked = routes({ passwordHash: "$argon2id$x", ...when({ device: "phone" }) });
  const at = (changes: Partial<CodeState>) => route({ ...state, ...changes }, locked, visitor({}), noon);
  expect(at({ isActive: false, expiresAt: noon })).toEqual({ kind: "page", page: "paused" });
  expect(at({ expiresAt: noon })).toEqual({ kind: "page", page: "expired" });
  expect(at({ expiresAt: noon + 1 })).toEqual({ kind: "password", passwordHash: "$argon2id$x" });
  expect(at({ isUsedUp: true })).toEqual({ kind: "page", page: "used" });
  expect(at({ isUsedUp: true, fallbackUrl: ruled })).toMatchObject({ kind: "leads", url: ruled });
  expect(route(state, locked, visitor({}), noon, { isUnlocked: true })).toMatchObject({ url: ruled, rule: 0 });
});

test("the query of a scan and campaign parameters go along, also with variants and rules, not to a fallback", () => {
  const ways = { utm: { source: "print", campaign: "Früh & spät" }, forwardQuery: true, ...when({ device: "tv" }) };
  const campaign = "utm_source=print&utm_campaign=Fr%C3%BCh+%26+sp%C3%A4t";
  expect(decide(ways)).toMatchObject({ url: `${destination}?${campaign}` });
  expect(decide(ways, { device: "tv", query: "a=1" })).toMatchObject({ url: `${ruled}?${campaign}&a=1` });
  expect(decide(ways, { query: "utm_source=evil&b" })).toMatchObject({ url: `${destination}?${campaign}&b=` });
  const over = route({ ...state, isActive: false, fallbackUrl: ruled }, routes(ways), visitor({ query: "a=1" }), noon);
  expect(over).toMatchObject({ url: ruled });
});

const apps = { appLinks: { ios: "menu://table/7?x=1", android: "menu://table/7?x=1" } };
const fallback = encodeURIComponent(destination);
test.each<[string, Facts, object]>([
  ["a phone with iOS", { os: "iOS" }, { url: destination, app: "menu://table/7?x=1" }],
  [
    "a phone with Android",
    { os: "Android" },
    { url: `intent://table/7?x=1#Intent;scheme=menu;S.browser_fallback_url=${fallback};end`, app: null },
  ],
  ["a desktop", { os: "Windows", device: "desktop" }, { url: destination, app: null }],
  ["a link preview that calls itself a phone", { os: "iOS", botClass: "preview" }, { url: destination, app: null }],
])("%s is led to the app or the web", (_name, who, expected) => {
  expect(decide(apps, who)).toMatchObject(expected);
});

test("an address within the link of an app reaches the app whole", () => {
  const ways = { appLinks: { android: "menu://open?next=https://example.com/a://b&x=1" } };
  const url = `intent://open?next=https://example.com/a://b&x=1#Intent;scheme=menu;S.browser_fallback_url=${fallback};end`;
  expect(decide(ways, { os: "Android" })).toMatchObject({ url });
});

test("a web address of an app is a plain redirect that takes the query along", () => {
  const ways = { appLinks: { ios: "https://app.example/t/7" }, forwardQuery: true };
  expect(decide(ways, { os: "iOS", query: "a=1" })).toMatchObject({ url: "https://app.example/t/7?a=1", app: null });
  expect(decide(ways, { os: "Android" })).toMatchObject({ url: destination });
});

test("the trace says why, step by step", () => {
  const steps: Step[] = [];
  const trace = (step: Step["step"], detail: string) => void steps.push({ step, detail });
  const ways = routes({ ...when({ device: "tv" }), variants: variantsOf(1, 3) });
  route(state, ways, visitor({}), noon, { trace });
  expect(steps).toEqual([
    { step: "rule", detail: "Rule 0 does not match: device." },
    { step: "variant", detail: expect.stringMatching(/^This visitor keeps variant [01], which (25|75)\.0 % of all/) },
  ]);
});

test("the trace names what is added to the address", () => {
  const details = (query: string, changes = {}) => {
    const seen: string[] = [];
    const ways = routes({ utm: { source: "print" }, forwardQuery: true, ...changes });
    route(state, ways, visitor({ query }), noon, { trace: (step, detail) => step === "query" && seen.push(detail) });
    return seen;
  };
  const campaign = "The address carries the campaign: utm_source=print.";
  expect(details("a=1")).toEqual([campaign, "The query of the scan goes along."]);
  expect(details("")).toEqual([campaign, "The query of a scan goes along; of this one there is nothing to add."]);
  expect(details("a=1", { forwardQuery: false })).toEqual([campaign]);
  expect(details("a=1", { utm: null, forwardQuery: false })).toEqual([]);
});

test("whatever the query of a scan holds, scheme, host and path stay and the address can stand in a header", () => {
  const base = fc.constantFrom(
    destination,
    "https://example.com/a?x=1&y#top",
    "https://example.com/a#?b=c",
    "http://x.at/?",
  );
  const hostile = fc.oneof(
    fc.constantFrom(
      "//evil.example",
      "\r\nSet-Cookie: a=b",
      "%0d%0aX: y",
      "@evil.example/",
      "#x",
      "x=9&y=8",
      "a[]=1&&=&",
    ),
    fc.string({ unit: "binary", maxLength: 1_200 }),
    fc.webQueryParameters(),
  );
  fc.assert(
    fc.property(base, hostile, fc.boolean(), (url, query, hasCampaign) => {
      const routing = { query: true as const, ...(hasCampaign && { utm: "utm_source=a" }) };
      const decided = route(state, compileRoutes(url, routing), visitor({ query }), noon) as { url: string };
      const [from, to] = [new URL(url), new URL(decided.url)];
      expect([to.origin, to.pathname, to.hash, to.username]).toEqual([from.origin, from.pathname, from.hash, ""]);
      expect(decided.url).toMatch(/^[\x21-\x7e]{1,3072}$/);
      for (const [name, value] of from.searchParams) expect(to.searchParams.getAll(name)).toContain(value);
    }),
    { numRuns: 500 },
  );
});
