// Sound requests of every creating route, made odd in a thousand ways: no failure, short refusals, and no effect but of
// what was answered as done.
import { type Answer, expectStatus, jsonOf } from "./client.js";
import { makeRandom, mutate, oddTypes } from "./mutate.js";
import type { Person } from "./people.js";
import type { Row } from "./row.js";
import type { Stage } from "./stage.js";

/** The same mutations in every run. */
const seed = 20_261_128;
const perRoute = 106;
const atOnce = 4;
/** Of these, every so many-th is called something else than it is. */
const oddTypeEvery = 12;

const url = "https://example.com";

/** What a request makes, if it is accepted. */
type Effect = "keys" | "codes" | "members" | "workspaces" | "credits" | "none";
type Sound = { route: string; method?: string; as: "asUser" | "asKey" | "nobody"; body: unknown; makes: Effect };

/** Sound bodies of each route; of several one is taken. */
const sound = (shortId: string): Sound[][] => [
  [
    {
      route: "keys",
      as: "asUser",
      makes: "keys",
      body: { name: "x", scopes: ["render", "bulk"], expires_at: "2030-01-01T00:00:00Z" },
    },
  ],
  [
    {
      ...{ route: "dynamic", as: "asKey", makes: "codes" },
      body: {
        ...{
          name: "x",
          destination_url: url,
          tags: ["a", "b"],
          folder: "f",
          max_scans: 5,
          password: "secret",
          expires_at: "2030-01-01T00:00:00Z",
        },
        rules: [
          {
            when: { country: ["AT"], days: ["mon"], hours: "09:00-17:00", timezone: "Europe/Vienna" },
            destination_url: url,
          },
        ],
        ...{
          utm: { source: "a" },
          app_links: { ios: "https://example.com/app" },
          forward_query: true,
          fallback_url: url,
        },
      },
    },
    {
      ...{ route: "dynamic", as: "asUser", makes: "codes" },
      body: {
        name: "x",
        destination_url: url,
        variants: [
          { destination_url: url, weight: 1 },
          { destination_url: `${url}/b`, weight: 2 },
        ],
      },
    },
  ],
  [
    {
      route: `dynamic/${shortId}`,
      method: "PATCH",
      as: "asUser",
      makes: "none",
      body: { name: "y", destination_url: url, tags: ["a"], max_scans: null },
    },
  ],
  [
    {
      route: `dynamic/${shortId}/resolve`,
      as: "asKey",
      makes: "none",
      body: { at: "2026-11-01T00:00:00Z", country: "AT", language: "de", user_agent: "x" },
    },
    { route: `dynamic/${shortId}/rollback`, as: "asKey", makes: "none", body: { version: 1 } },
    {
      route: "dynamic",
      method: "PATCH",
      as: "asKey",
      makes: "none",
      body: { short_ids: [shortId], changes: { name: "z", tags: ["q"] } },
    },
  ],
  [
    {
      route: "generate",
      as: "asKey",
      makes: "credits",
      body: {
        data: url,
        size: 300,
        color: "#0b3d91",
        pattern: "dot",
        eye_shape: "rounded",
        quiet_zone: 4,
        format: "svg",
      },
    },
    {
      route: "generate",
      as: "asKey",
      makes: "credits",
      body: {
        data: url,
        size_inches: 1,
        dpi: 150,
        frame_style: "box",
        frame_label: "Scan",
        gradient_from: "#000",
        gradient_to: "#00f",
      },
    },
  ],
  [
    {
      route: "generate",
      as: "asKey",
      makes: "credits",
      body: { data_type: "wifi", payload: { ssid: "a", password: "b12345678", security: "WPA", hidden: false } },
    },
    {
      route: "generate",
      as: "asKey",
      makes: "credits",
      body: {
        data_type: "vcard",
        payload: { name: "A B", phones: ["+43 1"], email: "a@example.com", address: "x", birthday: "1990-01-01" },
      },
    },
    {
      route: "generate",
      as: "asKey",
      makes: "credits",
      body: {
        data_type: "event",
        payload: { title: "a", start: "2026-12-01T10:00:00Z", end: "2026-12-01T11:00:00Z", location: "x" },
      },
    },
    {
      route: "generate",
      as: "asKey",
      makes: "credits",
      body: { data_type: "geo", payload: { latitude: 48.2, longitude: 16.4, query: "x" } },
    },
  ],
  [
    {
      route: "validate",
      as: "asKey",
      makes: "none",
      body: { data: url, size: 300, error_correction: "H", logo_size_ratio: 0.2, background: "white" },
    },
  ],
  [
    {
      route: "generate/bulk?dry_run=true",
      as: "asKey",
      makes: "none",
      body: {
        defaults: { size: 200 },
        items: [
          { data: url, filename: "a" },
          { data_type: "wifi", payload: { ssid: "a" } },
        ],
      },
    },
    {
      route: "generate/bulk",
      as: "asKey",
      makes: "credits",
      body: { defaults: { size: 200, format: "svg" }, items: [{ data: url, extra: { a: "b" }, placement: "x" }] },
    },
  ],
  [{ route: "members", as: "asUser", makes: "members", body: { email: "someone@example.com", role: "viewer" } }],
  [
    { route: "auth/login", as: "nobody", makes: "none", body: { email: "a@example.com", password: "correct horse" } },
    { route: "auth/refresh", as: "nobody", makes: "none", body: { refresh_token: "srt_x" } },
    { route: "workspaces", as: "asUser", makes: "workspaces", body: { name: "x" } },
  ],
];

/** How much there is of everything that could have been made. */
async function countAll({ client }: Stage, { asUser, asKey }: Person): Promise<Record<Effect, number>> {
  const count = async (route: string) =>
    jsonOf<{ count: number }>(expectStatus(await client.send({ url: `/api/v1/${route}/`, headers: asUser }), 200))
      .count;
  const usage = await client.send({ url: "/api/v1/usage/", headers: asKey });
  return {
    keys: await count("keys"),
    codes: await count("dynamic"),
    members: await count("members"),
    workspaces: await count("workspaces"),
    credits: jsonOf<{ used_this_month: number }>(usage).used_this_month,
    none: 0,
  };
}

/** What an accepted answer made: an order costs a credit for each of its rows. */
const madeBy = (answer: Answer, makes: Effect, route: string) =>
  makes === "credits" && route.includes("bulk") ? (jsonOf<{ total?: number }>(answer).total ?? 0) : 1;

const mutations: Row = {
  name: "mutations",
  attack: `${perRoute * sound("").length} sound requests of creating routes made odd, by seed ${seed}`,
  async run(stage) {
    const person = await stage.people.signUp("enterprise");
    const code = await stage.client.send({
      url: "/api/v1/dynamic/",
      headers: person.asUser,
      json: { name: "x", destination_url: url },
    });
    const routes = sound(jsonOf<{ short_id: string }>(expectStatus(code, 201)).short_id);
    const random = makeRandom(seed);
    const before = await countAll(stage, person);
    const made: Record<Effect, number> = { keys: 0, codes: 0, members: 0, workspaces: 0, credits: 0, none: 0 };
    const jobs = routes.flatMap((some) =>
      Array.from({ length: perRoute }, (_, n) => ({ n, one: some[n % some.length] as Sound })),
    );
    const asks = jobs.map(({ n, one }) => {
      const type = n % oddTypeEvery === 0 ? oddTypes[(n / oddTypeEvery) % oddTypes.length] : "application/json";
      return { one, type: type ?? "", body: mutate(one.body, random) };
    });
    const work = async () => {
      for (let ask = asks.shift(); ask; ask = asks.shift()) {
        const { one, type, body } = ask;
        const { route, method = "POST", as, makes } = one;
        const headers = { "Content-Type": type, ...(as === "nobody" ? {} : person[as]) };
        const answer = await stage.attack({ url: `/api/v1/${route}`, method, headers, body });
        if (answer.status >= 200 && answer.status < 300) made[makes] += madeBy(answer, makes, route);
        if (answer.status >= 500) console.log(`    ${answer.status} ${method} ${route} ${body.slice(0, 300)}`);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    const after = await countAll(stage, person);
    for (const what of Object.keys(made) as Effect[]) {
      const grown = after[what] - before[what];
      stage.promise(
        what === "none" || grown === made[what],
        `${grown} ${what} for ${made[what]} that were answered as made`,
      );
    }
  },
};

export const mutationRows: Row[] = [mutations];
