import { expect, test } from "@jest/globals";
import { ApiError, toProblem } from "@qrfactory/domain/http/errors";

test("an unknown error shows nothing of itself", () => {
  const problem = toProblem(new Error("SELECT password FROM users"), "r1");
  expect(problem).toMatchObject({ status: 500, code: "internal", request_id: "r1" });
  expect(JSON.stringify(problem)).not.toContain("SELECT");
});

test("every 429 and 503 says when to come back, and nothing else does", () => {
  expect(new ApiError("quota_exceeded", "x").retryAfterSeconds).toBe(1);
  expect(new ApiError("unavailable", "x", { retryAfterSeconds: 7 }).retryAfterSeconds).toBe(7);
  expect(new ApiError("not_found", "x", { retryAfterSeconds: 7 }).retryAfterSeconds).toBeUndefined();
});
