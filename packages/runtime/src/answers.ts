// The answers under way on each connection. A client may send several requests at once, and one of them may be no HTTP at
// all: its refusal follows the answers to the requests before it. Ending the connection at once would leave a scan counted
// without its 302, and a refusal sent first would be taken for the answer to the first request.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

export type Answers = {
  /** A request has begun; call it before anything is written. */
  begin(req: IncomingMessage, res: ServerResponse): void;
  /**
   * Writes the last bytes of a connection once every request that arrived whole is answered, and ends it. A connection
   * that still owes an answer after the time allowed is cut without them. The first refusal of a connection counts.
   */
  endAfter(socket: Socket, bytes: string): void;
};

/**
 * A connection with its requests. No Map of them: V8 links each table of a Map to the one that replaces it, so that those
 * of an old connection, once they are garbage, hold all its requests until the next full collection.
 */
type Connection = {
  underWay: number;
  /** The last request while it is under way; all before it have arrived whole. */
  last: IncomingMessage | null;
  /** Ends the connection if nothing is owed any more; null until it is to end. */
  endIfAnswered: (() => void) | null;
};

/** Makes the record of a server's connections; `waitMsMax` bounds how long a refusal waits, in milliseconds. */
export function makeAnswers({ waitMsMax }: { waitMsMax: number }): Answers {
  const connections = new WeakMap<Socket, Connection>();

  function connectionOf(socket: Socket): Connection {
    const known = connections.get(socket);
    if (known) return known;
    const connection: Connection = { underWay: 0, last: null, endIfAnswered: null };
    connections.set(socket, connection);
    return connection;
  }

  function begin(req: IncomingMessage, res: ServerResponse): void {
    const connection = connectionOf(req.socket);
    connection.underWay += 1;
    connection.last = req;
    // Its bytes are handed to the connection by then, and those of the next answer may follow.
    res.once("close", () => {
      connection.underWay -= 1;
      if (connection.last === req) connection.last = null;
      connection.endIfAnswered?.();
    });
  }

  /** A request that is not whole is the unreadable one itself, and gets no other answer. */
  function owesAnswers({ underWay, last }: Connection): boolean {
    return underWay > (last && !last.complete ? 1 : 0);
  }

  function endAfter(socket: Socket, bytes: string): void {
    const connection = connectionOf(socket);
    if (connection.endIfAnswered) return;
    const cut = setTimeout(() => socket.destroy(), waitMsMax).unref();
    connection.endIfAnswered = () => {
      if (owesAnswers(connection)) return;
      clearTimeout(cut);
      if (socket.writable) socket.end(bytes);
      else socket.destroy();
    };
    socket.once("close", () => clearTimeout(cut));
    connection.endIfAnswered();
  }

  return { begin, endAfter };
}
