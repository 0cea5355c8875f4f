import { readdirSync, readFileSync, statSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { createLog } from "@qrfactory/runtime/log";
import { makePostMail } from "./mail.js";

const log = createLog({ service: "test", level: "silent" });
/** Longer than the lines of a mail, and not ASCII. */
const link = `https://example.com/account/#verify=${"x".repeat(60)}ü`;
const mail = { to: "ada@example.com", subject: "Hello", text: `A first line.\nA second one.\n\n  ${link}\n` };

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
    makePostMail({ smtpUrl: `smtp://127.0.0.1:${port}`, directory: undefined, from: "qr@example.org", log })(mail);
    await until(() => lines.includes("."));
    for (const line of ["To: ada@example.com", "From: qr@example.org", "Subject: Hello", "A second one."]) {
      expect(lines).toContain(line);
    }
  } finally {
    server.close();
  }
});

test("without a server a mail is a file that nobody else may read, and the log says nothing of what is in it", async () => {
  const temp = makeTempDirectory();
  const directory = join(temp.path, "mails");
  const lines: string[] = [];
  const logged = createLog({ service: "test", level: "trace" }, { write: (line: string) => void lines.push(line) });
  makePostMail({ smtpUrl: undefined, directory, from: "qr@example.org", log: logged })(mail);
  const [name = ""] = await until(() => {
    const names = readdirSync(directory);
    return names.length === 1 && names;
  });
  const file = join(directory, name);
  const text = await until(() => readFileSync(file, "utf8"));
  const written = text.split("\r\n");
  for (const line of ["To: ada@example.com", "From: qr@example.org", "Subject: Hello", "A second one.", `  ${link}`]) {
    expect(written).toContain(line);
  }
  expect(written).toContain("Content-Transfer-Encoding: 8bit");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  makePostMail({ smtpUrl: undefined, directory: undefined, from: "qr@example.org", log: logged })(mail);
  expect(lines.join()).toContain("neither SMTP_URL nor MAIL_DIR");
  expect(lines.join()).not.toContain("A second one.");
  temp.remove();
});
