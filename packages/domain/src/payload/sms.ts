// A short message to send, in the `SMSTO:` form that phones read.
import { z } from "zod";
import { dialled, phoneNumber } from "./contact-fields.js";
import { lines } from "./words.js";

/** Characters of ten messages, which phones join without a warning. */
const messageLengthMax = 1_600;

/**
 * The payload of `data_type: "sms"`, as the text of its code. Nothing in the message is escaped: it runs to the end.
 */
export const sms = z
  .strictObject({ number: phoneNumber, message: lines(messageLengthMax).optional() })
  .transform(({ number, message }) => `SMSTO:${dialled(number)}${message === undefined ? "" : `:${message}`}`);
