// The refusal of a code that would not scan, in the words of the request that asked for it.
import { designFieldNames, type ScanCheck } from "@qrfactory/domain/design/design";
import { inNamesSent } from "@qrfactory/domain/design/style";
import { ApiError } from "@qrfactory/domain/http/errors";
import type { Verdict } from "../draw/draw-design.js";

/** Parts of a request that word its refusal. */
export type AskedFor = {
  scanCheck: ScanCheck;
  /** The body of the request. */
  sent: unknown;
  /** Said after the advice. */
  appendix?: string;
};

/**
 * The one refusal of a design by its verdict, for every way to ask for an image; null where it may be delivered. It
 * stands under the field that the advice begins with, or else under `scan_check`, which asked for it.
 */
export function refusalOf({ scan }: Verdict, { scanCheck, sent, appendix = "" }: AskedFor): ApiError | null {
  if (scanCheck !== "strict" || !scan || scan.isReadable) return null;
  const sentence = inNamesSent(scan.advice, sent);
  const field = designFieldNames.find((name) => sentence.startsWith(`${name} `)) ?? "scan_check";
  return new ApiError("unscannable", `This code would not scan: ${sentence}${appendix}`, {
    errors: { [field]: [sentence] },
  });
}
