// The content of a symbol: `data` as it is, or the `payload` of a type written as phones read that type.
import { z } from "zod";
import { mistakesIn } from "../http/validate.js";
import { email } from "./email.js";
import { event } from "./event.js";
import { geo } from "./geo.js";
import { phone } from "./phone.js";
import { sms } from "./sms.js";
import { textMistake, uriMistake } from "./uri.js";
import { vcard } from "./vcard.js";
import { wifi } from "./wifi.js";

/** Types of content with a structured payload. */
export const payloadTypes = ["vcard", "wifi", "email", "sms", "phone", "geo", "event"] as const;
/** Type of a structured payload. */
export type PayloadType = (typeof payloadTypes)[number];

/** Payloads that become a text by themselves; each schema turns the object of a request into that text. */
const payloads: Record<PayloadType, z.ZodType<string>> = { vcard, wifi, email, sms, phone, geo, event };

/** The fields of a payload, as its schema has them. */
export function payloadFieldNames(type: PayloadType): readonly string[] {
  let schema: unknown = payloads[type];
  // The transform into text stands behind the object.
  while (schema instanceof z.ZodPipe) schema = schema.in;
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/** Types whose text is `data` itself. */
export const plainTypes = ["url", "text"] as const;
type PlainType = (typeof plainTypes)[number];

/** Content fields of a request. */
export type Content = { data_type: PlainType | PayloadType; data?: string | undefined; payload?: unknown };

const isPlain = (type: Content["data_type"]): type is PlainType => (plainTypes as readonly string[]).includes(type);

/** Names every mistake in the content, under `data`, `payload` or a field of it such as `payload.ssid`. */
export function checkContent(content: Content, refuse: (path: string[], message: string) => void): void {
  const { data_type: type } = content;
  const [wanted, other] = isPlain(type) ? (["data", "payload"] as const) : (["payload", "data"] as const);
  if (content[other] !== undefined) refuse([other], `The data_type ${type} takes ${wanted}, not ${other}.`);
  if (content[wanted] === undefined) refuse([wanted], "This field is required.");
  else if (isPlain(type)) checkData(type, content.data ?? "", refuse);
  else checkPayload(type, content.payload, refuse);
}

function checkData(type: PlainType, data: string, refuse: (path: string[], message: string) => void): void {
  const mistake = type === "url" ? uriMistake(data) : textMistake(data);
  if (mistake) refuse(["data"], mistake);
}

function checkPayload(type: PayloadType, payload: unknown, refuse: (path: string[], message: string) => void): void {
  for (const [path, messages] of Object.entries(mistakesIn(payloads[type], payload, "") ?? {})) {
    for (const message of messages) refuse(path === "" ? ["payload"] : ["payload", path], message);
  }
}

/** The text that the code of a checked content holds. */
export function contentText({ data_type: type, data, payload }: Content): string {
  return isPlain(type) ? (data ?? "") : payloads[type].parse(payload);
}
