import { createServer } from "node:net";
import { expect, test } from "@jest/globals";
import { freePort, isPortFree } from "./ports.js";

test("ports are free, below the kernel's own range, and never given twice", async () => {
  const ports = await Promise.all(Array.from({ length: 200 }, freePort));
  expect(new Set(ports).size).toBe(200);
  expect(ports.every((port) => port >= 20_000 && port < 32_000)).toBe(true);
});

test("a port that is listened on is not free", async () => {
  const port = await freePort();
  expect(await isPortFree(port)).toBe(true);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  expect(await isPortFree(port)).toBe(false);
  await new Promise((resolve) => server.close(resolve));
});

test("a port given here cannot be reserved by anybody else while this process lives", async () => {
  const port = await freePort();
  const other = createServer();
  const refused = new Promise<string | undefined>((resolve) => {
    other.once("error", (error: NodeJS.ErrnoException) => resolve(error.code));
    other.listen(`\0qrfactory-port-${port}`, () => resolve(undefined));
  });
  expect(await refused).toBe("EADDRINUSE");
});
