import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type Api, expectProblem, startApi } from "../api.fixture.js";

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

test.each([
  ["PATCH", "", { name: "A" }, 200],
  ["POST", "/rollback", { version: 1 }, 200],
  ["DELETE", "", undefined, 204],
  ["POST", "/restore", undefined, 200],
] as const)("%s …%s refuses a stale If-Match and takes the version that is", async (method, path, body, success) => {
  const { as } = await api.signUp();
  const code = { name: "Code", destination_url: "https://example.com/" };
  const address = `/api/v1/dynamic/${(await as("POST", "/api/v1/dynamic", { body: code })).body.short_id}`;
  if (path === "/restore") await as("DELETE", address);
  const version = path === "/restore" ? 2 : 1;
  const ask = (tag: string) => as(method, address + path, { headers: { "If-Match": tag }, ...(body && { body }) });
  for (const stale of ['"9"', '"0"', '"x"']) expectProblem(await ask(stale), 412, "version_mismatch");
  const none = { headers: { "If-None-Match": "*" }, ...(body && { body }) };
  expectProblem(await as(method, address + path, none), 412, "version_mismatch");
  expectProblem(await ask('"8", "9"'), 412, "version_mismatch");
  expect((await ask(`"9", W/"${version}"`)).status).toBe(success);
});
