// The refusal of a code that would not scan, in the words of the request that asked for it.
import { designFieldNames } from "@qrfactory/domain/design";
import { inNamesSent } from "@qrfactory/domain/design-style";
import { ApiError } from "@qrfactory/domain/errors";

/**
 * Makes the refusal from the advice of a check. It stands under the field that the advice begins with, or else under
 * `scan_check`, which asked for it; `sent` is the body of the request.
 */
export function unscannable(advice: string, sent: unknown, appendix = ""): ApiError {
  const sentence = inNamesSent(advice, sent);
  const field = designFieldNames.find((name) => sentence.startsWith(`${name} `)) ?? "scan_check";
  return new ApiError("unscannable", `This code would not scan: ${sentence}${appendix}`, {
    errors: { [field]: [sentence] },
  });
}
