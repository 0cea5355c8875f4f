// A TCP proxy between a client and a server whose link can be made slow, silent or broken while tests run.

import { type AddressInfo, createServer, connect as openSocket, type Socket } from "node:net";

/** A link between a client and a server. */
export type TcpProxy = {
  port: number;
  /** Every chunk is held back this long, in both directions. */
  setLatency(ms: number): void;
  /** Connections stay open and nothing passes, until `thaw`. */
  freeze(): void;
  thaw(): void;
  /** Cuts every connection with a TCP reset; new ones are taken. */
  reset(): void;
  close(): Promise<void>;
};

/** Server behind the link, and the filter of what passes. */
export type TcpProxyOptions = {
  port: number;
  host?: string;
  /**
   * Sees every chunk and says whether it passes; one that does not is lost, while the connection stays open.
   * Connections are numbered as they come.
   */
  passes?: (chunk: Buffer, towards: "client" | "server", connection: number) => boolean;
};

/** Listens on a loopback port the kernel picks and passes everything on to the target. */
export async function startTcpProxy(target: TcpProxyOptions): Promise<TcpProxy> {
  const { passes = () => true } = target;
  let latencyMs = 0;
  let frozen = false;
  const sockets = new Set<Socket>();

  const link = (from: Socket, to: Socket, towards: "client" | "server", connection: number) => {
    let lastDueAt = 0;
    from.on("data", (chunk: Buffer) => {
      if (!passes(chunk, towards, connection)) return;
      // Never before an earlier chunk, also when the latency was lowered in between.
      const now = performance.now();
      lastDueAt = Math.max(lastDueAt, now + latencyMs);
      if (lastDueAt > now) setTimeout(() => to.writable && to.write(chunk), lastDueAt - now);
      else to.write(chunk);
    });
    from.on("error", () => to.destroy());
    // The end waits for what was sent before it; one more millisecond, because timers round theirs down.
    from.on("end", () => setTimeout(() => to.end(), 1 + Math.max(0, Math.ceil(lastDueAt - performance.now()))));
    from.on("close", () => sockets.delete(from));
    sockets.add(from);
    if (frozen) from.pause();
  };
  let connections = 0;
  const server = createServer((client) => {
    const connection = connections++;
    const upstream = openSocket({ port: target.port, host: target.host ?? "127.0.0.1" });
    link(client, upstream, "server", connection);
    link(upstream, client, "client", connection);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

  return {
    port: (server.address() as AddressInfo).port,
    setLatency: (ms) => {
      latencyMs = ms;
    },
    freeze: () => {
      frozen = true;
      for (const socket of sockets) socket.pause();
    },
    thaw: () => {
      frozen = false;
      for (const socket of sockets) socket.resume();
    },
    reset: () => {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
