import { createHash, randomUUID } from "node:crypto";
import { expect, test } from "@jest/globals";
import { compileRoutes, route } from "@qrfactory/codes/routing/route";
import { createTable, type Table } from "@qrfactory/state/codes/table/table";
import fc from "fast-check";
import {
  android,
  clock,
  destination_url,
  from,
  get,
  iphone,
  noon,
  publish,
  scans,
  somebody,
  table,
  whereTo,
} from "./routed-codes.fixture.js";
import { routingOptions } from "./routing.fixture.js";
import { makeReadScanner } from "./scan/scan.js";
import { makeVisitorOf } from "./scan/visitor.js";

test("rules lead by country, language, device and time, and the scan says which it was", async () => {
  const path = publish({
    rules: [
      { url: "https://example.com/at", country: ["AT"], os: ["ios"] },
      { url: "https://example.com/fr", language: ["fr"] },
      { url: "https://example.com/night", hours: [1_320, 360], zone: "Europe/Vienna" },
    ],
  });
  expect(await whereTo(path, from("203.0.113.9"))).toBe("https://example.com/at");
  expect(await whereTo(path, { ...from("203.0.113.9"), "User-Agent": android })).toBe(destination_url);
  expect(await whereTo(path, { "Accept-Language": "fr-CA,en;q=0.1" })).toBe("https://example.com/fr");
  clock.now = Date.UTC(2026, 10, 21, 21);
  expect(await whereTo(path)).toBe("https://example.com/night");
  expect(scans).toHaveLength(4);
  expect(scans.map(({ rule, variant }) => [rule, variant])).toEqual(
    [[0], [], [1], [2]].map(([rule]) => [rule, undefined]),
  );
});

test("a visitor keeps a variant over days, and the scan says which it was", async () => {
  const path = publish({ variants: ["a", "b"].map((name) => ({ url: `https://example.com/${name}`, weight: 1 })) });
  const seen = new Set<string | null>();
  for (let visitor = 1; visitor <= 20; visitor++) {
    clock.now = noon;
    const first = await whereTo(path, from(`198.51.100.${visitor}`));
    clock.now += 100 * 86_400_000;
    expect(await whereTo(path, from(`198.51.100.${visitor}`))).toBe(first);
    expect(scans.at(-1)?.served).toBe("variant");
    expect(scans.at(-1)?.variant).toBe(first === "https://example.com/a" ? 0 : 1);
    seen.add(first);
  }
  expect(seen.size).toBe(2);
  // The part of an IPv6 address that changes daily does not matter.
  const households = ["2001:db8:1:2:aaaa::1", "2001:db8:1:2:bbbb:cccc::2"].map((address) =>
    whereTo(path, from(address)),
  );
  expect(new Set(await Promise.all(households)).size).toBe(1);
  expect(new Set(scans.slice(0, 2).map(({ visitor }) => visitor)).size).toBe(2);
});

test("what a scan does is what the decision says that resolve shows, for any code and visitor", async () => {
  const url = fc.constantFrom("https://example.com/1", "https://example.com/2?x=1", "https://example.com/3#top");
  const rule = fc.record(
    {
      url,
      country: fc.constantFrom<string[]>(["AT"], ["DE", "FR"]),
      language: fc.constantFrom<string[]>(["de"], ["fr", "en-gb"]),
      device: fc.constantFrom<string[]>(["phone"], ["desktop", "tablet"]),
      os: fc.constantFrom<string[]>(["ios"], ["android"]),
      from: fc.constantFrom(noon - 1, noon, noon + 1),
      until: fc.constantFrom(noon - 1, noon, noon + 1),
      days: fc.integer({ min: 1, max: 127 }),
      hours: fc.constantFrom<[number, number]>([0, 720], [720, 780], [1_320, 721]),
      zone: fc.constantFrom("UTC", "Europe/Vienna", "Asia/Kathmandu"),
    },
    { requiredKeys: ["url"] },
  );
  const ways = fc.record(
    {
      rules: fc.array(rule, { minLength: 1, maxLength: 4 }),
      variants: fc.array(fc.record({ url, weight: fc.integer({ min: 1, max: 9 }) }), { minLength: 2, maxLength: 4 }),
      query: fc.constant(true as const),
      utm: fc.constant("utm_source=print"),
    },
    { requiredKeys: [] },
  );
  const visitor = fc.record({
    "X-Forwarded-For": fc.constantFrom("203.0.113.5", "198.51.100.7", "2001:db8::1"),
    "User-Agent": fc.constantFrom(iphone, android, "curl/8"),
    "Accept-Language": fc.constantFrom("de-AT,de;q=0.9", "en-GB", "fr;q=0.2,de;q=0.1"),
  });
  const locate = (network: string) => ({
    country: network === "203.0.113.0/24" ? "AT" : null,
    region: null,
    city: null,
    district: null,
  });
  const visitorOf = makeVisitorOf({ visitorSecret: "a secret for tests", locate });
  await fc.assert(
    fc.asyncProperty(ways, visitor, fc.constantFrom("", "a=1&x=2"), async (routing, headers, query) => {
      const path = publish(routing);
      const row = table.find(path.slice(3));
      const request = {
        peer: "127.0.0.1",
        forwardedFor: headers["X-Forwarded-For"],
        userAgent: headers["User-Agent"],
        language: headers["Accept-Language"],
        query,
      };
      const state = { isActive: true, expiresAt: null, isUsedUp: false, fallbackUrl: null };
      const who = visitorOf(makeReadScanner(["127.0.0.0/8"])(request), row?.id as string);
      const decision = route(state, compileRoutes(destination_url, routing), who, noon) as { url: string };
      expect(await whereTo(query === "" ? path : `${path}?${query}`, headers)).toBe(decision.url);
    }),
    { numRuns: 150 },
  );
});

test("a code expires to the millisecond", async () => {
  const path = publish(null, { expires_at: "2026-11-21T12:00:01Z" });
  clock.now = noon + 999;
  expect((await get(path)).status).toBe(302);
  clock.now = noon + 1_000;
  expect((await get(path)).status).toBe(410);
});

test("a code for three scans leads three people on, whoever else looks, and more when it may have more", async () => {
  const limit = { max: 3, used: 0 };
  const path = publish(null, { limit });
  const row = { short_id: path.slice(3), id: table.find(path.slice(3))?.id as string };
  const others = { "User-Agent": "WhatsApp/2.23.20.0 A" };
  expect((await get(path, others)).status).toBe(302);
  for (const [name, value] of [
    ["Sec-Purpose", "prefetch;prerender"],
    ["Purpose", "prefetch"],
    ["X-Purpose", "preview"],
    ["X-Moz", "prefetch"],
  ] as const) {
    expect((await get(path, { [name]: value })).status).toBe(302);
    expect(scans.at(-1)?.bot_class).toBe("prefetch");
  }
  expect((await get(path, {}, { method: "HEAD" })).status).toBe(302);
  for (const plus of ["+", "%2B", "%2b/"]) expect((await get(path + plus)).status).toBe(200);
  const people = await Promise.all(Array.from({ length: 20 }, (_, i) => get(path, from(`198.51.100.${i}`))));
  expect(people.map(({ status }) => status).sort()).toEqual([...Array(3).fill(302), ...Array(17).fill(410)]);
  expect(await (await get(path)).text()).toContain("<h1>This code is used up</h1>");
  const common = { schema: 1 as const, workspace_id: randomUUID(), destination_url, is_active: true, expires_at: null };
  table.apply({ ...common, ...row, version: 2, fallback_url: "https://example.com/later", limit: { max: 3, used: 3 } });
  for (let n = 0; n < 3; n++) expect(await whereTo(path)).toBe("https://example.com/later");
  expect(scans.at(-1)?.served).toBe("fallback");
  // Those who were sent to the fallback have used nothing: see how many remain.
  table.apply({ ...common, ...row, version: 3, fallback_url: null, limit: { max: 5, used: 3 } });
  const more = await Promise.all(Array.from({ length: 9 }, () => get(path)));
  expect(more.filter(({ status }) => status === 302)).toHaveLength(2);
});

test("regions together go over by no more than what the others answer until it is published", () => {
  const max = 1_000;
  const delay = 30;
  const regions = Array.from({ length: 3 }, () => ({ table: createTable(), routing: routingOptions() }));
  const common = { schema: 1 as const, id: randomUUID(), workspace_id: randomUUID(), short_id: "LIMITED", version: 1 };
  const code = { ...common, destination_url, is_active: true, expires_at: null, fallback_url: null };
  const answeredUntil: number[] = [];
  let answered = 0;
  // One scan a step, at each region in turn; its answer is published everywhere `delay` steps later.
  for (let step = 0; step < 2_000; step++) {
    const used = answeredUntil[step - delay] ?? 0;
    const region = regions[step % 3] as (typeof regions)[number];
    region.table.apply({ ...code, limit: { max, used } });
    const row = region.table.find("LIMITED") as NonNullable<ReturnType<Table["find"]>>;
    if (region.routing.decide(row, somebody, noon)?.kind === "leads") {
      region.routing.count(row, somebody);
      answered += 1;
    }
    answeredUntil.push(answered);
  }
  expect(answered).toBeGreaterThanOrEqual(max);
  expect(answered).toBeLessThanOrEqual(max + delay);
});

test("regions that hear nothing of each other stop by themselves, each at what remained", () => {
  const row = {
    id: "x",
    limit: { max: 100, used: 40 },
    readExtra: null,
    isActive: true,
    expiresAt: null,
    fallbackUrl: null,
  };
  const answered = Array.from({ length: 2 }, () => {
    const { decide, count } = routingOptions();
    let own = 0;
    for (; decide(row as never, somebody, noon)?.kind === "leads" && own < 1_000; own++) count(row as never, somebody);
    return own;
  });
  expect(answered).toEqual([60, 60]);
});

test("an app is opened by an intent on Android and by a page on iOS that also works without scripts", async () => {
  const path = publish({ apps: { ios: "menu://table/7?a='1'&b", android: "menu://table/7" }, query: true });
  const intent = await whereTo(`${path}?x=1`, { "User-Agent": android });
  const back = encodeURIComponent(`${destination_url}?x=1`);
  expect(intent).toBe(`intent://table/7#Intent;scheme=menu;S.browser_fallback_url=${back};end`);
  const page = await get(path);
  expect(page.status).toBe(200);
  const html = await page.text();
  expect(html).toContain('href="menu://table/7?a=&#39;1&#39;&amp;b"');
  expect(html).toContain(`<noscript><meta http-equiv="refresh" content="3;url=${destination_url}"></noscript>`);
  const script = /<script>(.*)<\/script>/s.exec(html)?.[1] ?? "";
  const digest = createHash("sha256").update(script).digest("base64");
  expect(page.headers.get("content-security-policy")).toContain(`script-src 'sha256-${digest}'`);
  expect(scans.map(({ served }) => served)).toEqual(["app", "app"]);
  expect(await whereTo(path, { "User-Agent": "WhatsApp/2.23.20.0 i" })).toBe(destination_url);
});
