import { afterEach, expect, test } from "@jest/globals";
import { clientOf, closeServers, json, serve } from "./unreliable.fixture.js";

afterEach(closeServers);

test("a list follows next to its end, at the address of the client, with what was asked for", async () => {
  const page = (names: string[], next: string | null) =>
    json({ count: 3, next, previous: null, results: names.map((name) => ({ name })) });
  const server = await serve(
    page(["a", "b"], "https://elsewhere.example/api/v1/dynamic/?tag=x&cursor=zzz"),
    page(["c"], null),
    page(["a", "b"], null),
  );
  const list = clientOf(server.url).codes.list({ tag: "x", page_size: 2 });
  const names: string[] = [];
  for await (const { name } of list) names.push(name);
  expect(names).toEqual(["a", "b", "c"]);
  expect(server.seen.map(({ path }) => path)).toEqual([
    "/api/v1/dynamic/?tag=x&page_size=2",
    "/api/v1/dynamic/?tag=x&page_size=2&cursor=zzz",
  ]);
  expect((await list.page()).count).toBe(3);
});

test("a list asks for no page before it is needed", async () => {
  const server = await serve(json({ results: [{ id: 1 }, { id: 2 }], next_cursor: "more" }));
  for await (const scan of clientOf(server.url).analytics.scans()) {
    expect(scan).toEqual({ id: 1 });
    break;
  }
  expect(server.seen).toHaveLength(1);
});
