import { expect, test } from "@jest/globals";
import { z } from "zod";
import { findOperation, type SeenAnswer, violationsOf } from "./check-answer.js";
import { operationsOf } from "./operation.js";

const operations = Object.values(
  operationsOf(
    { tag: "Things" },
    {
      getThing: {
        method: "GET",
        path: "/things/{id}/",
        summary: "Read a thing",
        access: { scope: "render" },
        answers: { 200: { description: "It.", schema: z.strictObject({ id: z.string() }) } },
      },
      exportThings: {
        method: "GET",
        path: "/things/export/",
        summary: "Export",
        access: null,
        answers: { 200: { description: "A file.", contentTypes: ["text/csv"] } },
      },
      removeThing: {
        method: "DELETE",
        path: "/things/{id}/",
        summary: "Remove",
        access: null,
        answers: { 204: { description: "Gone." } },
      },
    },
  ),
);

const seen = (of: Partial<SeenAnswer>): SeenAnswer => ({
  ...{ method: "GET", path: "/things/7", status: 200, contentType: "application/json", body: { id: "7" } },
  ...of,
});
const problem = (status: number, code: string) =>
  seen({
    status,
    body: { type: "x", title: "x", status, code, detail: "x", request_id: "x" },
    contentType: "application/problem+json",
  });

test("an answer as it is declared passes, whatever the slash at its end", () => {
  expect(violationsOf(operations, seen({}))).toEqual([]);
  expect(violationsOf(operations, seen({ path: "/things/7/?x=1" }))).toEqual([]);
  expect(violationsOf(operations, seen({ method: "DELETE", status: 204, body: undefined }))).toEqual([]);
  expect(violationsOf(operations, problem(404, "not_found"))).toEqual([]);
  expect(violationsOf(operations, seen({ path: "/other", body: 1 }))).toEqual([]);
});

test("a word of a path is preferred to a parameter", () => {
  expect(findOperation(operations, "GET", "/things/export")?.id).toBe("exportThings");
  expect(findOperation(operations, "HEAD", "/things/exports")?.id).toBe("getThing");
});

test.each<[difference: string, answer: SeenAnswer]>([
  ["a member that is missing", seen({ body: {} })],
  ["a member that is not declared", seen({ body: { id: "7", more: 1 } })],
  ["a type that is another", seen({ body: { id: 7 } })],
  ["a status that is not declared", seen({ status: 201 })],
  ["a body where there is none", seen({ method: "DELETE", status: 204, body: {} })],
  ["another media type", seen({ path: "/things/export", contentType: "text/html", body: undefined })],
  ["a code that is not declared", problem(409, "conflict")],
  ["a refusal that is no problem document", seen({ status: 404, body: { message: "no" } })],
])("%s is a violation", (_difference, answer) => {
  expect(violationsOf(operations, answer)).toHaveLength(1);
});
