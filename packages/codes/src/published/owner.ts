// The owner of a code, shown to people when it leads nowhere: a name and a contact. Set by a workspace for itself, and
// by the operator for unknown codes.

import { checkDestination, type DestinationRules } from "@qrfactory/domain/destination";
import { refusedField } from "@qrfactory/domain/http/errors";
import { storable } from "@qrfactory/domain/http/validate";
import { z } from "zod";

/** At least one of the two is there. */
export type CodeOwner = {
  name: string | null;
  /** A `mailto:`, `https:` or `tel:` address in visible ASCII. */
  contact: string | null;
};

/** A line on a phone, two at most. */
const nameLengthMax = 80;
const contactLengthMax = 300;

/** A `mailto:` of one address without header fields (RFC 6068), which could add recipients. */
const mailPattern = /^mailto:[A-Za-z0-9.!#$&'*+/=^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/i;
/** A number with its visual separators (RFC 3966). */
const phonePattern = /^tel:\+?[0-9][0-9.()-]{2,30}$/i;
const invisible = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** As clients say it. */
export const codeOwnerField = z
  .strictObject({
    name: storable
      .trim()
      .min(1, "Give a name, or null for none.")
      .max(nameLengthMax, `Use at most ${nameLengthMax} characters.`)
      .refine((text) => !invisible.test(text), "Remove the control or invisible characters.")
      .nullable()
      .default(null),
    contact: z.string().max(contactLengthMax, `Use at most ${contactLengthMax} characters.`).nullable().default(null),
  })
  .refine(({ name, contact }) => name !== null || contact !== null, "Give a name, a contact, or both; null for none.");

const sayHow = "Use an address such as mailto:help@example.com, https://example.com/contact or tel:+4312345.";

/** The normal form of a contact; throws `url_refused` under `field`. */
export function checkContact(text: string, rules: DestinationRules, field: string): string {
  if (/^https:/i.test(text)) return checkDestination(text, rules, field);
  const compact = /^tel:/i.test(text) ? text.replaceAll(" ", "") : text;
  if (!mailPattern.test(compact) && !phonePattern.test(compact)) throw refusedField("url_refused", field, sayHow);
  return compact.replace(/^[a-z]+:/i, (scheme) => scheme.toLowerCase());
}

/** As it is published and kept: the newest version wins; with neither name nor contact nothing is said any more. */
export type PublishedOwner = CodeOwner & { workspace_id: string; version: number };

const publishedOwner = z.object({
  workspace_id: z.uuid(),
  version: z.int().min(1),
  name: z.string().max(nameLengthMax).nullable(),
  // Checked again on arrival: nothing else becomes a link on our pages.
  contact: z
    .string()
    .max(2_000)
    .regex(/^(mailto:|https:\/\/|tel:)[\x21-\x7e]+$/)
    .nullable(),
});

/** Reads one; null when it is damaged. Members of a later release are passed over. */
export function parsePublishedOwner(json: string): PublishedOwner | null {
  try {
    return publishedOwner.safeParse(JSON.parse(json)).data ?? null;
  } catch {
    return null;
  }
}

/** How people read a contact: without its scheme, and a page without what only machines need. */
export function contactText(contact: string): string {
  if (!contact.startsWith("https:")) return contact.slice(contact.indexOf(":") + 1);
  const { host, pathname } = new URL(contact);
  return host + (pathname === "/" ? "" : pathname);
}
