// A name server on a loopback port that answers, or keeps silent, as a test wants (RFC 1035, UDP only). Give names only
// addresses of loopback or of documentation, so that a slip reaches nobody.
import { createSocket } from "node:dgram";
import { once } from "node:events";

const typeOf = { 1: "A", 28: "AAAA" } as const;
const codeOf = { A: 1, AAAA: 28 } as const;
const headerBytes = 12;

/** A question for the addresses of a name; A asks for IPv4, AAAA for IPv6. */
export type Question = { name: string; type: "A" | "AAAA" };

/** The addresses of a name; null for no answer at all, and for a later one a promise. */
export type Answer = (question: Question) => string[] | null | Promise<string[] | null>;

/** A running name server. */
export type NameServer = {
  /** `address:port`, as resolvers take it. */
  server: string;
  /** Everything it was asked. */
  questions: Question[];
  close: () => Promise<void>;
};

/** Starts the server. */
export async function startNameServer(answer: Answer): Promise<NameServer> {
  const socket = createSocket("udp4");
  const questions: Question[] = [];
  socket.on("message", async (query, { port, address }) => {
    const question = readQuestion(query);
    questions.push(question);
    const addresses = await answer(question);
    if (addresses) socket.send(response(query, question, addresses), port, address, () => {});
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return {
    server: `127.0.0.1:${socket.address().port}`,
    questions,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

function endOfName(query: Buffer): number {
  let at = headerBytes;
  while (query[at]) at += 1 + (query[at] as number);
  return at + 1;
}

function readQuestion(query: Buffer): Question {
  const end = endOfName(query);
  const labels: string[] = [];
  for (let at = headerBytes; query[at]; at += 1 + (query[at] as number))
    labels.push(query.toString("latin1", at + 1, at + 1 + (query[at] as number)));
  const type = typeOf[query.readUInt16BE(end) as keyof typeof typeOf] ?? "A";
  return { name: labels.join("."), type };
}

/** The question again, and a record for each address: a pointer to its name, type, class, life, length, data. */
function response(query: Buffer, { type }: Question, addresses: string[]): Buffer {
  const head = Buffer.from(query.subarray(0, endOfName(query) + 4));
  head.writeUInt16BE(0x8180, 2);
  head.writeUInt16BE(addresses.length, 6);
  head.writeUInt32BE(0, 8);
  const records = addresses.map((address) => {
    const data = type === "A" ? Buffer.from(address.split(".").map(Number)) : Buffer.from(groupsOf(address), "hex");
    const fields = Buffer.from([0xc0, headerBytes, 0, codeOf[type], 0, 1, 0, 0, 0, 60, 0, data.length]);
    return Buffer.concat([fields, data]);
  });
  return Buffer.concat([head, ...records]);
}

/** An IPv6 address, `::` in it or not, as 32 hex digits. */
function groupsOf(address: string): string {
  const [left = "", right] = address.split("::");
  const [before, after] = [left, right ?? ""].map((side) => side.split(":").filter((group) => group !== ""));
  const zeros = Array.from({ length: 8 - (before?.length ?? 0) - (after?.length ?? 0) }, () => "0");
  return [...(before ?? []), ...zeros, ...(after ?? [])].map((group) => group.padStart(4, "0")).join("");
}
