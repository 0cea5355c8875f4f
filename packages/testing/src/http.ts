// An application behind a real socket on a free port, for tests that go through the front door.
import { createServer, type RequestListener, Server } from "node:http";
import type { AddressInfo } from "node:net";

/** An application that listens. */
export type Listening = {
  /** `http://127.0.0.1:PORT`, no slash at the end. */
  url: string;
  port: number;
  server: Server;
  /** Cuts what is open and waits until the port is free. */
  close(): Promise<void>;
};

/** Listens on a port the kernel picks. Takes an Express app, a bare handler, or a server that does not listen yet. */
export async function listen(app: RequestListener | Server): Promise<Listening> {
  const server = app instanceof Server ? app : createServer(app);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    server,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
