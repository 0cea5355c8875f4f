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

/** Makes the record of a server's connections; `waitMsMax` bounds how long a refusal waits, in milliseconds. */
export function makeAnswers({ waitMsMax }: { waitMsMax: number }): Answers {
  const underWay = new WeakMap<Socket, Map<ServerResponse, IncomingMessage>>();
  /** Connections that are to end, each with the function that ends it if nothing is owed any more. */
  const ending = new WeakMap<Socket, () => void>();

  function begin(req: IncomingMessage, res: ServerResponse): void {
    const { socket } = req;
    const answers = underWay.get(socket) ?? new Map<ServerResponse, IncomingMessage>();
    underWay.set(socket, answers);
    answers.set(res, req);
    // Its bytes are handed to the connection by then, and those of the next answer may follow.
    res.once("close", () => {
      answers.delete(res);
      ending.get(socket)?.();
    });
  }

  /** A request that is not whole is the unreadable one itself, and gets no other answer. */
  function owesAnswers(socket: Socket): boolean {
    return [...(underWay.get(socket)?.values() ?? [])].some((req) => req.complete);
  }

  function endAfter(socket: Socket, bytes: string): void {
    if (ending.has(socket)) return;
    const cut = setTimeout(() => socket.destroy(), waitMsMax).unref();
    const endIfAnswered = () => {
      if (owesAnswers(socket)) return;
      clearTimeout(cut);
      if (socket.writable) socket.end(bytes);
      else socket.destroy();
    };
    ending.set(socket, endIfAnswered);
    socket.once("close", () => clearTimeout(cut));
    endIfAnswered();
  }

  return { begin, endAfter };
}
