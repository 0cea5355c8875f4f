// Mail in plain text: through SMTP, or for development into files of a folder. A mail carries a token that opens an
// account, so it is never written to a log.
import { randomUUID } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "@qrfactory/runtime/log";

/** A message in plain text to one address. */
export type Mail = { to: string; subject: string; text: string };

/** Hands a mail over and returns at once: nobody's request waits for a mail server. A failure is logged. */
export type PostMail = (mail: Mail) => void;

/** Way that mails take, and their sender. */
export type MailOptions = {
  /** `smtp://user:password@host:port` or `smtps://…`. */
  smtpUrl: string | undefined;
  /** Where mails are written without `smtpUrl`, a file of RFC 5322 each; made when missing. */
  directory: string | undefined;
  from: string;
  log: Log;
};

/** A mail with its sender. */
type SentMail = Mail & { from: string };

/** Makes the function through which every mail goes. */
export function makePostMail({ smtpUrl, directory, from, log }: MailOptions): PostMail {
  const send = smtpUrl ? bySmtp(smtpUrl) : directory ? intoFolder(directory) : null;
  return (mail) => {
    if (!send) {
      return log.warn({ subject: mail.subject }, "a mail was not sent, because neither SMTP_URL nor MAIL_DIR is set");
    }
    send({ from, ...mail }).catch((err: unknown) => log.error({ err, subject: mail.subject }, "a mail was not sent"));
  };
}

/** Loaded with the first mail: most processes never send one. */
const loadMailer = () => import("nodemailer");

function bySmtp(url: string): (mail: SentMail) => Promise<unknown> {
  let transport: ReturnType<Awaited<ReturnType<typeof loadMailer>>["createTransport"]> | undefined;
  return async function sendBySmtp(mail) {
    transport ??= (await loadMailer()).createTransport(url);
    await transport.sendMail(mail);
  };
}

const plainType = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit";

function intoFolder(directory: string): (mail: SentMail) => Promise<unknown> {
  return async function writeMail(mail) {
    const { createTransport } = await loadMailer();
    const { text, ...head } = mail;
    const { message } = await createTransport({ streamTransport: true, buffer: true }).sendMail({ ...head, text: "" });
    await mkdir(directory, { recursive: true, mode: 0o700 });
    // Names sort by time.
    const name = `${new Date().toISOString().replaceAll(":", "-")}-${randomUUID().slice(0, 8)}.eml`;
    // The body as it is (RFC 2045, 6.2): encoded, its links would be cut in two for who opens the file.
    const headers = String(message)
      .trimEnd()
      .replace(/^Content-Type:.*/m, plainType);
    await writeFile(join(directory, name), `${headers}\r\n\r\n${text.replaceAll("\n", "\r\n")}`, { mode: 0o600 });
  };
}
