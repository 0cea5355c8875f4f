// Mail in plain text: through SMTP, or without SMTP_URL printed where the service runs, for development.
import type { Log } from "@qrfactory/runtime/log";

export type Mail = { to: string; subject: string; text: string };

/** Hands a mail over and returns at once: nobody's request waits for a mail server. What fails is logged. */
export type PostMail = (mail: Mail) => void;

export type MailOptions = {
  /** `smtp://user:password@host:port` or `smtps://…`. */
  smtpUrl: string | undefined;
  from: string;
  log: Log;
  print?: (text: string) => void;
};

/** Makes the function through which every mail goes. */
export function makePostMail({ smtpUrl, from, log, print = console.log }: MailOptions): PostMail {
  if (smtpUrl === undefined) {
    return ({ to, subject, text }) =>
      print(`Mail, printed because SMTP_URL is not set\nTo: ${to}\nSubject: ${subject}\n\n${text}\n`);
  }
  // Loaded with the first mail: most processes never send one.
  const connect = async () => (await import("nodemailer")).createTransport(smtpUrl);
  let transport: ReturnType<typeof connect> | undefined;
  return (mail) => {
    transport ??= connect();
    transport
      .then((connected) => connected.sendMail({ from, ...mail }))
      .catch((err: unknown) => log.error({ err, subject: mail.subject }, "a mail was not sent"));
  };
}
