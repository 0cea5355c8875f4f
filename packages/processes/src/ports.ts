// Free loopback ports for servers that must be told their port. Relies on Linux abstract sockets as locks: they belong
// to the process and vanish with it, so nothing is left behind and processes that ask at the same time never collide.
import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** Below 32768, where the kernel picks ports of outgoing connections that could take one away between two starts. */
const portMin = 20_000;
const portMax = 31_999;

/** With 12,000 ports, this many misses in a row mean that something else is wrong. */
const attemptsMax = 200;

/** A port on 127.0.0.1 that is free now and that no other caller of this function gets while this process lives. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const port = randomInt(portMin, portMax + 1);
    if ((await reserve(port)) && (await isPortFree(port))) return port;
  }
  throw new Error(`No free port between ${portMin} and ${portMax} after ${attemptsMax} attempts.`);
}

/** Whether a server could listen on this port right now. `host` defaults to 127.0.0.1. */
export function isPortFree(port: number, host = "127.0.0.1"): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/** Holds the name of a port for the life of this process; false when another process or caller holds it. */
function reserve(port: number): Promise<boolean> {
  return holdName(`port-${port}`);
}

/**
 * Holds a name on this machine for the life of this process: true for the first who asks, false for all others. Where
 * there are no abstract sockets (outside Linux) everybody gets it.
 */
export function holdName(name: string): Promise<boolean> {
  if (process.platform !== "linux") return Promise.resolve(true);
  return new Promise((resolve) => {
    const lock = createServer();
    lock.once("error", () => resolve(false));
    lock.listen(`\0qrfactory-${name}`, () => {
      lock.unref();
      resolve(true);
    });
  });
}
