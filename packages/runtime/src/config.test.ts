import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { ConfigError, list, port, readConfig, urlOf } from "@qrfactory/runtime/config";
import { z } from "zod";

const shape = {
  PORT: port,
  DATABASE_URL: urlOf("postgresql"),
  JWT_SECRET: z.string().min(8),
  PEERS: list.prefault(""),
};

test("every mistake is listed at once, and no value is shown", () => {
  const env = { PORT: "seventy", DATABASE_URL: "http://user:hunter2@db", JWT_SECRET_FILE: "/nowhere/secret" };
  const read = () => readConfig(shape, env);
  expect(read).toThrow(ConfigError);
  try {
    read();
  } catch (error) {
    const { message } = error as Error;
    for (const name of ["PORT", "DATABASE_URL", "JWT_SECRET_FILE"]) expect(message).toContain(name);
    expect(message).not.toContain("hunter2");
  }
});

test("a secret may come from a file", () => {
  const file = join(mkdtempSync(join(tmpdir(), "config-")), "secret");
  writeFileSync(file, "from-a-file\n");
  const config = readConfig(shape, {
    PORT: "1",
    DATABASE_URL: "postgresql://db/x",
    JWT_SECRET_FILE: file,
    PEERS: "a, b,",
  });
  expect(config).toEqual({ PORT: 1, DATABASE_URL: "postgresql://db/x", JWT_SECRET: "from-a-file", PEERS: ["a", "b"] });
});

test("a variable and its file at once are a mistake", () => {
  expect(() => readConfig({ A: z.string() }, { A: "1", A_FILE: "/x" })).toThrow(/not both/);
});
