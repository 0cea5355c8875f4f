import { createServer, type Socket } from "node:net";
import { expect, test } from "@jest/globals";
import { createLog } from "@qrfactory/runtime/log";
import { until } from "@qrfactory/testing/until";
import { makePostMail } from "./mail.js";

const log = createLog({ service: "test", level: "silent" });
const mail = { to: "ada@example.com", subject: "Hello", text: "A first line.\nA second one." };

/** As much of RFC 5321 as takes one mail in. */
function takeMail(socket: Socket, keep: (line: string) => void): void {
  let inData = false;
  socket.write("220 ready\r\n");
  socket.on("data", (chunk) => {
    for (const line of chunk.toString().split("\r\n").filter(Boolean)) {
      keep(line);
      if (inData && line !== ".") continue;
      inData = line === "DATA";
      if (inData) socket.write("354 go on\r\n");
      else if (line === "QUIT") socket.end("221 bye\r\n");
      else socket.write("250 fine\r\n");
    }
  });
}

test("a mail reaches the server of SMTP_URL whole", async () => {
  const lines: string[] = [];
  const server = createServer((socket) => takeMail(socket, (line) => lines.push(line)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = server.address() as { port: number };
    makePostMail({ smtpUrl: `smtp://127.0.0.1:${port}`, from: "qr@example.org", log })(mail);
    await until(() => lines.includes("."));
    for (const line of ["To: ada@example.com", "From: qr@example.org", "Subject: Hello", "A second one."]) {
      expect(lines).toContain(line);
    }
  } finally {
    server.close();
  }
});

test("without a server a mail is printed as text that a person can read", () => {
  const printed: string[] = [];
  makePostMail({ smtpUrl: undefined, from: "qr@example.org", log, print: (text) => printed.push(text) })(mail);
  expect(printed.join()).toContain("To: ada@example.com\nSubject: Hello\n\nA first line.\nA second one.\n");
});
