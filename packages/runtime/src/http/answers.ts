// The answers under way on each connection. A client may send several requests at once, and one of them may be no HTTP
// at all: its refusal follows the answers to the requests before it. Ending the connection at once would leave a scan
// counted without its 302, and a refusal sent first would be taken for the answer to the first request.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Account of the answers that each connection still owes. */
export type Answers = {
  /** A request has begun; call it before anything is written. */
  begin(req: IncomingMessage, res: ServerResponse): void;
  /**
   * Writes the last bytes of a connection once every request that arrived whole is answered, and ends it; without them
   * when what they refuse is answered already. A connection that still owes an answer after the time allowed is cut
   * without them, too. The first refusal of a connection counts.
   */
  endAfter(socket: Socket, bytes: string): void;
};

/**
 * A connection with its requests. No Map of them: V8 links each table of a Map to the one that replaces it, so that
 * those of an old connection, once they are garbage, hold all its requests until the next full collection.
 */
type Connection = {
  underWay: number;
  /** The answer to the last request, until the request has arrived whole and is answered; all before it have. */
  last: ServerResponse | null;
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
    connection.last = res;
    // Its bytes are handed to the connection by then, and those of the next answer may follow.
    res.once("close", () => {
      connection.underWay -= 1;
      if (connection.last === res && req.complete) connection.last = null;
      connection.endIfAnswered?.();
    });
  }

  /** The answer to the unreadable request itself, which is the one that is not whole, if any. */
  const brokenOf = ({ last }: Connection) => (last && !last.req.complete ? last : null);

  function owesAnswers(connection: Connection): boolean {
    const broken = brokenOf(connection);
    return connection.underWay > (broken && !broken.closed ? 1 : 0);
  }

  function endAfter(socket: Socket, bytes: string): void {
    const connection = connectionOf(socket);
    if (connection.endIfAnswered) return;
    const cut = setTimeout(() => socket.destroy(), waitMsMax).unref();
    connection.endIfAnswered = () => {
      if (owesAnswers(connection)) return;
      clearTimeout(cut);
      // One that was answered before it broke gets no second answer.
      if (socket.writable) socket.end(brokenOf(connection)?.headersSent ? "" : bytes);
      else socket.destroy();
    };
    socket.once("close", () => clearTimeout(cut));
    connection.endIfAnswered();
  }

  return { begin, endAfter };
}
