// Passed and refused answers: the promises of every answer, and the texts that a search must find again.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { makeRandom, mutate } from "../bodies/mutate.js";
import type { Answer } from "./client.js";
import { judge, refusalBytesMax } from "./judge.js";
import { search } from "./marks.js";
import { answersIn } from "./raw.js";

const problem = (status: number, more = {}) =>
  JSON.stringify({ type: "x", title: "x", status, code: "x", detail: "x", request_id: "x", ...more });

function answer(status: number, text: string, headers: Record<string, string> = {}): Answer {
  const body = Buffer.from(text);
  const typed = { "content-type": "application/problem+json", ...headers };
  return { status, headers: typed, body, length: body.length, tookMs: 1 };
}

test.each([
  ["an image", answer(200, "bytes", { "content-type": "image/png" })],
  ["a problem", answer(400, problem(400))],
  ["a 503 that says when to come back", answer(503, problem(503), { "retry-after": "1" })],
])("%s keeps the promises", (_what, sound) => expect(judge(sound)).toEqual([]));

test.each([
  ["a failure", answer(500, problem(500))],
  ["a gateway's failure", answer(502, problem(502))],
  ["a 503 without a time", answer(503, problem(503))],
  ["a 429 without a time", answer(429, problem(429))],
  ["HTML", answer(400, "<html>", { "content-type": "text/html" })],
  ["a long refusal", answer(400, problem(400, { errors: { a: "x".repeat(refusalBytesMax) } }))],
  ["a trace", answer(400, problem(400, { detail: "boom at send (file:///srv/app.js:1:2)" }))],
  ["a statement", answer(400, problem(400, { detail: "SELECT id FROM codes" }))],
  ["another status inside", answer(400, problem(404))],
  ["no problem document", answer(400, "{}")],
])("%s breaks a promise", (_what, broken) => expect(judge(broken)).not.toEqual([]));

test("a page of a scan may be HTML", () => {
  expect(judge(answer(404, "<html>", { "content-type": "text/html" }), { isPage: true })).toEqual([]);
});

test("answers on one connection are told apart", () => {
  const second = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<html>";
  expect(answersIn(`HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n${second}`)).toEqual([
    { status: 302, type: "" },
    { status: 400, type: "text/html" },
  ]);
  expect(answersIn(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi${second}`)).toHaveLength(2);
});

test("the same seed makes the same bodies", () => {
  const bodies = () => {
    const random = makeRandom(7);
    return Array.from({ length: 50 }, () => mutate({ name: "x", tags: ["a"], rules: [{ when: {} }] }, random));
  };
  expect(bodies()).toEqual(bodies());
  expect(new Set(bodies()).size).toBeGreaterThan(25);
});

test("a mark is found in any spelling, in any file", () => {
  const folder = mkdtempSync(join(tmpdir(), "qrfactory-marks-"));
  try {
    writeFileSync(join(folder, "plain"), "before a secret/text after");
    writeFileSync(join(folder, "encoded"), encodeURIComponent("a secret/text"));
    writeFileSync(join(folder, "base64"), Buffer.from("a secret/text and more").toString("base64"));
    writeFileSync(join(folder, "nothing"), "a secret");
    const found = search([folder], { secret: "a secret/text" }).map(({ file }) => file);
    expect(found.sort()).toEqual(["base64", "encoded", "plain"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
