// Advice on each problem, for the page that its `type` leads to.
import type { ProblemCode } from "@qrfactory/domain/http/errors";

/** Problem → why it happens and what to change, in a sentence or two. */
export const problemAdvice: Record<ProblemCode, string> = {
  malformed_request:
    "The request is not valid HTTP, or its body not valid JSON, CSV or form. The detail says where reading ended.",
  validation_failed:
    "One or more fields are not known or have values that are not allowed. errors names each with what would be right.",
  unscannable:
    "The image was drawn and decoders could not read it, or its colours or size rule that out. " +
    "Nothing was charged. The detail says what to change; scan_check report delivers it all the same.",
  payload_too_long:
    "The largest QR code holds 2,953 bytes at error correction L. " +
    "Shorten the data, lower error_correction, or use a dynamic code, whose address is short.",
  image_rejected:
    "A logo or background is no picture that is taken, too large, or damaged. " +
    "Save it anew as PNG or JPEG within the limits.",
  url_refused:
    "Destinations are public addresses of http and https; " +
    "scripts, private networks and links to this very service are refused.",
  unauthenticated:
    "Send an API key in X-Api-Key or an access token in Authorization: Bearer. " +
    "The detail says which, or what is wrong with a signed address.",
  plan_limit: "The plan of the workspace does not include this. The detail names the plan that does.",
  forbidden: "The caller is known and may not do this: their role or the scopes of their key do not allow it.",
  not_found: "There is nothing at this address, or nothing that this workspace may see.",
  method_not_allowed: "The address exists and does not take this method. Allow lists those it takes.",
  request_timeout: "The request did not arrive within 30 seconds. Send it again over a better connection.",
  idempotency_key_reused:
    "This Idempotency-Key was used within a day with another body. Use a new key for a new request.",
  conflict: "The resource has changed, exists already, or is not in the state that this needs. Read it again.",
  gone: "It was here and is kept no longer.",
  version_mismatch:
    "If-Match or If-None-Match names another version than the one that is stored. " +
    "Read the resource again and repeat the change.",
  body_too_large: "The body is larger than what this address takes. The detail says the limit.",
  unsupported_media_type: "The Content-Type of the body is not one that this address takes.",
  range_not_satisfiable: "The Range begins after the end of the file. Content-Range says how long it is.",
  bulk_rejected:
    "Rows of the table are not valid. Nothing was drawn or charged. errors names each bad row by number and field.",
  quota_exceeded:
    "The images of this month are used up. The next month starts on the first day in UTC; a larger plan has more.",
  rate_limited: "Too many requests in a short time. Wait as many seconds as Retry-After says.",
  headers_too_large: "The address and headers of a request are at most 16 kB.",
  internal: "A fault of ours, which is logged. Quote the request id when you report it; a retry may succeed.",
  not_implemented: "No address here knows this method.",
  overloaded: "More work waits than can be done soon. Wait as many seconds as Retry-After says.",
  unavailable:
    "A part of the service does not answer. Codes that are printed go on working. " +
    "Wait as many seconds as Retry-After says.",
  idempotency_in_progress:
    "The first request with this Idempotency-Key is still at work. Ask again in as many seconds as Retry-After says.",
};
