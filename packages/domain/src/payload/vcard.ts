// A contact as vCard 3.0 (RFC 2426), the version that every phone reads.
import { z } from "zod";
import { listOf } from "../http/validate.js";
import { mailAddress, phoneNumber, refuseBoth } from "./contact-fields.js";
import { contentLines, escapeParts, escapeText } from "./content-lines.js";
import { link } from "./uri.js";
import { line, lines } from "./words.js";

/** A contact with more of either no longer fits a code that a phone reads. */
const entriesMax = 5;

const nameField = line(120);

const postalAddress = z.union(
  [
    lines(300),
    z.strictObject({
      street: lines(120).optional(),
      city: line(120).optional(),
      region: line(120).optional(),
      postal_code: line(20).optional(),
      country: line(120).optional(),
    }),
  ],
  { error: "Give a text of at most 300 characters, or an object of street, city, region, postal_code and country." },
);

const fields = z.strictObject({
  name: nameField,
  first_name: nameField.optional(),
  last_name: nameField.optional(),
  org: nameField.optional(),
  title: nameField.optional(),
  phone: phoneNumber.optional(),
  phones: listOf(phoneNumber, { min: 1, max: entriesMax }).optional(),
  email: mailAddress.optional(),
  emails: listOf(mailAddress, { min: 1, max: entriesMax }).optional(),
  url: link.optional(),
  address: postalAddress.optional(),
  note: lines(1_000).optional(),
  birthday: z.iso.date({ error: "Give the date as 1815-12-10." }).optional(),
});

type Contact = z.output<typeof fields>;

/** The payload of `data_type: "vcard"`, as the text of its code. */
export const vcard = fields
  .superRefine((contact, context) => {
    const refuse = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
    refuseBoth(contact, ["phone", "phones"], refuse);
    refuseBoth(contact, ["email", "emails"], refuse);
  })
  .transform(vcardText);

function vcardText(contact: Contact): string {
  const { name, first_name: first, last_name: last, org, title, phone, email, url, address, note, birthday } = contact;
  // Which word of a name is the family's differs by culture, so a whole name is not taken apart.
  const [family, given] = first === undefined && last === undefined ? ["", name] : [last ?? "", first ?? ""];
  return contentLines([
    "BEGIN:VCARD",
    "VERSION:3.0",
    `N:${escapeParts([family, given, "", "", ""])}`,
    `FN:${escapeText(name)}`,
    ...(org === undefined ? [] : [`ORG:${escapeText(org)}`]),
    ...(title === undefined ? [] : [`TITLE:${escapeText(title)}`]),
    ...(contact.phones ?? (phone === undefined ? [] : [phone])).map((number) => `TEL:${escapeText(number)}`),
    ...(contact.emails ?? (email === undefined ? [] : [email])).map((address) => `EMAIL:${escapeText(address)}`),
    ...(url === undefined ? [] : [`URL:${url}`]),
    ...(address === undefined ? [] : [`ADR:${escapeParts(addressParts(address))}`]),
    ...(note === undefined ? [] : [`NOTE:${escapeText(note)}`]),
    ...(birthday === undefined ? [] : [`BDAY:${birthday}`]),
    "END:VCARD",
  ]);
}

/** Post-office box, extended address, street, locality, region, postal code, country (RFC 2426, 3.2.1). */
function addressParts(address: NonNullable<Contact["address"]>): string[] {
  // A text that nobody took apart stands where phones show the most: in the street.
  if (typeof address === "string") return ["", "", address, "", "", "", ""];
  const { street = "", city = "", region = "", postal_code: postalCode = "", country = "" } = address;
  return ["", "", street, city, region, postalCode, country];
}
