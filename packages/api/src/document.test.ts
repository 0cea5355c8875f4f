import { expect, test } from "@jest/globals";
import { createConfig, lintFromString } from "@redocly/openapi-core";
import spectral from "@stoplight/spectral-core";
import rulesets from "@stoplight/spectral-rulesets";
import { openApiDocument } from "./document.js";
import { type Operation, parametersOf, shownBody } from "./operation.js";
import { operations } from "./operations.js";

/** The part of an operation in the document that the tests read. */
type Said = {
  operationId: string;
  responses: Record<string, unknown>;
  requestBody?: unknown;
  parameters?: { name: string; in: string }[];
};

const document = openApiDocument(operations, { version: "1.0.0", serverUrl: "https://qr.example.org" });

test("Redocly's recommended rules find nothing to say", async () => {
  const config = await createConfig({ extends: ["recommended"] });
  const problems = await lintFromString({ source: JSON.stringify(document), config });
  expect(problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer])).toEqual([]);
}, 60_000);

test("Spectral's rules for OpenAPI find nothing to say", async () => {
  const linter = new spectral.Spectral();
  linter.setRuleset({ extends: [[rulesets.oas as never, "recommended"]] });
  const problems = await linter.run(JSON.parse(JSON.stringify(document)));
  expect(problems.map(({ code, message, path }) => [code, message, path.join(".")])).toEqual([]);
}, 60_000);

test("every operation has a name of its own, and no two answer one address", () => {
  const addresses = operations.map(({ method, path }) => `${method} ${path.replace(/\{\w+\}/g, "{}").toLowerCase()}`);
  expect(new Set(addresses).size).toBe(operations.length);
  expect(new Set(operations.map(({ id }) => id)).size).toBe(operations.length);
});

test.each(operations.map((operation): [string, Operation] => [operation.id, operation]))(
  "%s is in the document with its parameters, body and answers",
  (_id, { id, method, path, body, answers }) => {
    const item = document.paths?.[path.replace(/(.)\/$/, "$1")] as Record<string, Said>;
    const said = item[method.toLowerCase()] as Said;
    expect(said.operationId).toBe(id);
    expect(Object.keys(said.responses)).toEqual(expect.arrayContaining(Object.keys(answers)));
    if (body) expect(said.requestBody).toBeDefined();
    const named = (said.parameters ?? []).filter((one) => one.in === "path");
    expect(named.map(({ name }) => name)).toEqual(parametersOf(path));
  },
);

test("an example of a body passes the schema of its operation", () => {
  const failing = operations.flatMap(({ id, body, example }) =>
    body && example?.body !== undefined && !body.safeParse(shownBody(example)).success ? [id] : [],
  );
  expect(failing).toEqual([]);
});
