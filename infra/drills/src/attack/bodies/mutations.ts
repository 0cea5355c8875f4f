// Sound requests of every creating route, made odd in a thousand ways: no failure, short refusals, and no effect but of
// what was answered as done.

import type { Row } from "../row.js";
import { type Answer, expectStatus, jsonOf } from "../stage/client.js";
import type { Person } from "../stage/people.js";
import type { Stage } from "../stage/stage.js";
import { makeRandom, mutate, oddTypes } from "./mutate.js";
import type { Effect, Sound } from "./sound-request.js";
import { soundRequests } from "./sound-requests.js";

/** The same mutations in every run. */
const seed = 20_261_128;
const perRoute = 106;
const atOnce = 4;
/** Of these, every so many-th is called something else than it is. */
const oddTypeEvery = 12;

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

/** Resources of an accepted answer: an order costs a credit for each of its rows. */
const madeBy = (answer: Answer, makes: Effect, route: string) =>
  makes === "credits" && route.includes("bulk") ? (jsonOf<{ total?: number }>(answer).total ?? 0) : 1;

const mutations: Row = {
  name: "mutations",
  attack: `${perRoute * soundRequests("").length} sound requests of creating routes made odd, by seed ${seed}`,
  async run(stage) {
    const person = await stage.people.signUp("enterprise");
    const code = await stage.client.send({
      url: "/api/v1/dynamic/",
      headers: person.asUser,
      json: { name: "x", destination_url: "https://example.com" },
    });
    const routes = soundRequests(jsonOf<{ short_id: string }>(expectStatus(code, 201)).short_id);
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

/** Rows of sound requests made odd. */
export const mutationRows: Row[] = [mutations];
