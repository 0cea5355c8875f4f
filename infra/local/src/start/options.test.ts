import { expect, test } from "@jest/globals";
import { readOptions } from "./options.js";

const read = (args: string[], env: Record<string, string> = {}) => readOptions(args, env, "/checkout");

test("without a word everything has a default", () => {
  expect(read([])).toEqual({
    port: 8080,
    portAsked: false,
    dataDirectory: "/checkout/.local",
    regions: 1,
    fresh: false,
    watch: false,
    databaseUrl: undefined,
    stateRedisUrl: undefined,
    renderCacheUrl: undefined,
  });
});

test("a flag wins over the environment, and both spellings of a flag are read", () => {
  const env = { PORT: "9000", REGIONS: "2", DATA_DIR: "elsewhere" };
  expect(read(["--port", "9001"], env)).toMatchObject({ port: 9001, portAsked: true, regions: 2 });
  expect(read(["--port=9002", "--data-dir=/tmp/a b", "--fresh"], env)).toMatchObject({
    port: 9002,
    dataDirectory: "/tmp/a b",
    fresh: true,
  });
  expect(read([], env)).toMatchObject({ port: 9000, dataDirectory: "/checkout/elsewhere" });
});

test("every mistake is named at once", () => {
  const attempt = () => read(["--port", "http", "--region", "2", "now"], { REGIONS: "0", DATABASE_URL: "mysql://x" });
  expect(attempt).toThrow(/--port: "http"/);
  expect(attempt).toThrow(/--region: there is no such option/);
  expect(attempt).toThrow(/"now" belongs to no option|"2" belongs to no option/);
  expect(attempt).toThrow(/REGIONS: "0"/);
  expect(attempt).toThrow(/DATABASE_URL: must start with postgres/);
});

test("a value that is missing, or that nobody asked for, is a mistake", () => {
  expect(() => read(["--data-dir"])).toThrow(/--data-dir: needs a value/);
  expect(() => read(["--fresh=no"])).toThrow(/--fresh: takes no value/);
  expect(() => read(["--port="])).toThrow(/--port: needs a value/);
});

test("stores that exist already are taken as they are", () => {
  const env = { DATABASE_URL: "postgresql://db/x", STATE_REDIS_URL: "redis://state", RENDER_CACHE_URL: "memory:" };
  expect(read([], env)).toMatchObject({
    databaseUrl: "postgresql://db/x",
    stateRedisUrl: "redis://state",
    renderCacheUrl: "memory:",
  });
});
