// A message to write, as a `mailto:` URI (RFC 6068).
import { z } from "zod";
import { listOf } from "../http/validate.js";
import { mailAddress, mailAddresses, recipientsMax, refuseBoth } from "./contact-fields.js";
import { line, lines } from "./words.js";

const fields = z.strictObject({
  to: mailAddresses.optional(),
  recipients: listOf(mailAddress, { min: 1, max: recipientsMax }).optional(),
  cc: mailAddresses.optional(),
  bcc: mailAddresses.optional(),
  subject: line(300).optional(),
  body: lines(2_000).optional(),
});

/** The payload of `data_type: "email"`, as the text of its code. */
export const email = fields
  .superRefine((message, context) => {
    const refuse = (path: string, text: string) => context.addIssue({ code: "custom", path: [path], message: text });
    refuseBoth(message, ["to", "recipients"], refuse);
    if (message.to === undefined && message.recipients === undefined) refuse("to", "This field is required.");
  })
  .transform(({ to, recipients, cc, bcc, subject, body }) => {
    const headers = [
      ...(cc === undefined ? [] : [`cc=${addressList(cc)}`]),
      ...(bcc === undefined ? [] : [`bcc=${addressList(bcc)}`]),
      ...(subject === undefined ? [] : [`subject=${encodeURIComponent(subject)}`]),
      // Line breaks are CRLF (RFC 6068, 5).
      ...(body === undefined ? [] : [`body=${encodeURIComponent(body.replaceAll("\n", "\r\n"))}`]),
    ];
    return `mailto:${addressList(to ?? recipients ?? [])}${headers.length > 0 ? `?${headers.join("&")}` : ""}`;
  });

/** A plus is escaped, although RFC 6068 does not ask for it: some readers take it for a space. */
function addressList(addresses: readonly string[]): string {
  return addresses.map((address) => encodeURIComponent(address).replace("%40", "@")).join(",");
}
