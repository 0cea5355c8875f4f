import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { breakingChanges } from "./breaking-changes.js";
import { openApiDocument } from "./document.js";
import { operations } from "./operations.js";

// biome-ignore lint/suspicious/noExplicitAny: the tests change documents at any place
type Document = any;

const options = { version: "1.0.0", serverUrl: "https://qr.example.org" };
const current = (): Document => JSON.parse(JSON.stringify(openApiDocument(operations, options)));

/** Written by a release; see infra/release.mjs. */
const releasedFile = new URL("../released.json", import.meta.url);

const body = (document: Document) =>
  document.paths["/api/v1/dynamic"].post.requestBody.content["application/json"].schema;
const answer = (document: Document) =>
  document.paths["/api/v1/dynamic"].post.responses["201"].content["application/json"];
const code = (document: Document) => document.components.schemas.Code;
const listParameters = (document: Document) => document.paths["/api/v1/dynamic"].get.parameters;

test("a document is no break with itself, nor with more answers and fewer demands", () => {
  const larger = current();
  larger.paths["/api/v1/new"] = { get: { responses: { 200: { description: "New." } } } };
  code(larger).properties.more = { type: "string" };
  body(larger).properties.more = { type: "string" };
  body(larger).properties.name.maxLength = 10_000;
  delete larger.paths["/api/v1/dynamic"].post.responses["409"];
  expect(breakingChanges(current(), current())).toEqual([]);
  expect(breakingChanges(current(), larger)).toEqual([]);
});

test.each<[mutation: string, mutate: (document: Document) => unknown, at: string]>([
  ["a path that is gone", (d) => delete d.paths["/api/v1/dynamic"], "/api/v1/dynamic"],
  ["a method that is gone", (d) => delete d.paths["/api/v1/dynamic"].post, "POST /api/v1/dynamic"],
  ["a status that is gone", (d) => delete d.paths["/api/v1/dynamic"].post.responses["201"], "answer 201"],
  ["a media type that is gone", (d) => delete d.paths["/api/v1/dynamic"].post.responses["201"].content, "answer 201"],
  ["a field of an answer that is gone", (d) => delete code(d).properties.public_url, "public_url"],
  ["a field of an answer that may be missing", (d) => code(d).required.splice(0, 1), "answer 201"],
  ["a field of an answer of another type", (d) => (code(d).properties.name = { type: "number" }), "name"],
  ["a field that is required", (d) => body(d).required.push("folder"), "folder"],
  ["a field that is refused", (d) => delete body(d).properties.folder, "folder"],
  ["a field of a request of another type", (d) => (body(d).properties.name = { type: "number" }), "name"],
  ["a limit that is smaller", (d) => (body(d).properties.name.maxLength = 10), "name"],
  ["a limit that is new", (d) => (body(d).properties.destination_url.minLength = 9), "destination_url"],
  [
    "a body that is required",
    (d) => (d.paths["/api/v1/dynamic/{short_id}"].delete.requestBody = { required: true, content: {} }),
    "body",
  ],
  ["a parameter that is gone", (d) => listParameters(d).splice(0, 1), "parameter"],
  ["a parameter that is required", (d) => (listParameters(d)[0].required = true), "parameter"],
  [
    "a word that is refused",
    (d) =>
      listParameters(d)
        .find((one: Document) => one.name === "deleted")
        .schema.enum.splice(0, 1),
    "deleted",
  ],
])("%s is a break", (_mutation, mutate, at) => {
  const changed = current();
  expect(answer(changed)).toBeDefined();
  mutate(changed);
  const found = breakingChanges(current(), changed);
  expect(found.length).toBeGreaterThan(0);
  expect(found.some((one) => one.at.includes(at))).toBe(true);
});

test("nothing breaks clients of the last release", () => {
  if (!existsSync(releasedFile)) return;
  expect(breakingChanges(JSON.parse(readFileSync(releasedFile, "utf8")), current())).toEqual([]);
});
