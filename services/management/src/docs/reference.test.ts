import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { operations } from "@qrfactory/api/operations";
import { startBrowser } from "@qrfactory/testing/browser";
import type { Browser } from "playwright-core";
import { parse } from "yaml";
import { type Api, expectProblem, startApi } from "../api.fixture.js";

let api: Api;
let browser: Browser;
beforeAll(async () => {
  [api, browser] = await Promise.all([startApi(), startBrowser()]);
}, 90_000);
afterAll(async () => {
  await browser.close();
  await api.close();
});

test("the document is served as JSON and as YAML, the same, and not again to who has it", async () => {
  const json = await api.send("GET", "/api/openapi.json");
  expect(json.body.openapi).toBe("3.1.0");
  expect(json.body.servers).toEqual([{ url: "https://qr.example.org" }]);
  const yaml = await api.send("GET", "/api/openapi.yaml");
  expect(parse(yaml.text)).toEqual(json.body);
  const again = await api.send("GET", "/api/openapi.json", {
    headers: { "If-None-Match": json.headers.get("etag") ?? "" },
  });
  expect([again.status, again.text]).toEqual([304, ""]);
  expectProblem(await api.send("GET", "/api/docs/nothing.js"), 404, "not_found");
});

test("the page shows every heading, and asks no other host", async () => {
  const page = await browser.newPage();
  const asked: string[] = [];
  const said: string[] = [];
  // The gateway has it.
  await page.route("**/favicon.ico", (route) => route.fulfill({ status: 204 }));
  page.on("request", (request) => asked.push(request.url()));
  page.on("console", (message) => message.type() === "error" && said.push(message.text()));
  page.on("pageerror", (error) => said.push(error.message));
  await page.goto(`${api.url}/api/docs/`);
  for (const tag of new Set(operations.map((operation) => operation.tag))) {
    await page.getByText(tag, { exact: false }).first().waitFor({ state: "attached", timeout: 30_000 });
  }
  expect(said).toEqual([]);
  expect(asked.filter((url) => new URL(url).origin !== new URL(api.url).origin && !url.startsWith("data:"))).toEqual(
    [],
  );
  await page.close();
}, 60_000);
