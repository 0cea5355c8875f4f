// Bytes over a socket, with no HTTP client in between that would put them right.
import { connect } from "node:net";

/** Bytes for one connection. */
export type Exchange = {
  /** Address to connect to, `http://host:port`. */
  url: string;
  /** Sent one after the other, each in a packet of its own. */
  packets: (string | Buffer)[];
  /** Silence after which the conversation is over; default 300 ms. */
  quietMs?: number;
};

const quietMsDefault = 300;
/** A server that drips its answer is cut. */
const conversationMsMax = 5_000;
const betweenPacketsMs = 20;

/** Sends the packets and returns all that comes back, until the server ends the connection or says nothing more. */
export function exchange({ url, packets, quietMs = quietMsDefault }: Exchange): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    let received = "";
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    const end = () => {
      clearTimeout(cut);
      clearTimeout(quiet);
      socket.destroy();
      resolve(received);
    };
    const cut = setTimeout(end, conversationMsMax);
    let quiet = setTimeout(end, conversationMsMax);
    const listen = () => {
      clearTimeout(quiet);
      quiet = setTimeout(end, quietMs);
    };
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => {
      received += text;
      listen();
    });
    socket.on("error", () => {});
    socket.once("close", end);
    socket.once("connect", async () => {
      for (const packet of packets) {
        socket.write(packet, typeof packet === "string" ? "latin1" : undefined);
        await new Promise((sent) => setTimeout(sent, betweenPacketsMs));
      }
      listen();
    });
  });
}

/** Status and media type of an answer on the socket. */
export type RawAnswer = { status: number; type: string };

/** The answers in what came back, in order; each begins right behind the body of the one before. */
export function answersIn(received: string): RawAnswer[] {
  return received
    .split(/(?=HTTP\/1\.1 \d{3} )/)
    .filter((answer) => answer.startsWith("HTTP/1.1 "))
    .map((answer) => ({
      status: Number(answer.slice(9, 12)),
      type: /^content-type: *(.*)$/im.exec(answer.split("\r\n\r\n")[0] ?? "")?.[1]?.trim() ?? "",
    }));
}
