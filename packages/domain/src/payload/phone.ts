// A number to call, as a `tel:` URI (RFC 3966). A number without a plus is dialled as it is where it is scanned.
import { z } from "zod";
import { dialled, phoneNumber } from "./contact-fields.js";

/** The payload of `data_type: "phone"`, as the text of its code. */
export const phone = z.strictObject({ number: phoneNumber }).transform(({ number }) => `tel:${dialled(number)}`);
