// Verdicts on many requests, for an order that is about to be taken: judged as `validate` judges one,
// but for what only a decoder knows.
import { setImmediate } from "node:timers/promises";
import type { InternalTokens } from "@qrfactory/auth/internal-token";
import { readDesign } from "@qrfactory/domain/design/design";
import { type Verdict, type VerdictBatch, verdictBatch } from "@qrfactory/domain/design/image-batch";
import { plans } from "@qrfactory/domain/plan/plans";
import type { Handler } from "@qrfactory/runtime/http/app";
import { type BodyLimits, readJson } from "@qrfactory/runtime/http/body";
import type { PictureFiles, PictureKind } from "../pictures/pictures.js";
import { invalidBy, refusalWithoutDrawing } from "../validate/validate.js";

/** Fifty rows of 200 kB each at most. */
const verdictLimits: BodyLimits = { bytesMax: 10_000_000, valuesMax: 100_000 };

/**
 * The handler of `verdictsPath`: a verdict for each request, in their order; null for one that nothing is wrong with.
 */
export function makeVerdicts({ tokens }: { tokens: InternalTokens }): Handler {
  return async function giveVerdicts(req, res) {
    tokens.check(req.headers.authorization);
    const batch = await readJson(req, verdictBatch, verdictLimits);
    const pictures = picturesOf(batch.pictures);
    const verdicts: Verdict[] = [];
    for (const request of batch.requests) {
      verdicts.push(await judge(request));
      // A symbol around a logo takes two milliseconds, and others wait for this thread.
      await setImmediate();
    }
    res.json({ verdicts });

    async function judge(request: Record<string, unknown>): Promise<Verdict> {
      try {
        const read = readDesign(request, plans[batch.plan], batch.pictures.digests);
        const refusal = await refusalWithoutDrawing({ ...read, pictures, sent: request });
        return refusal && invalidBy(refusal);
      } catch (error) {
        return invalidBy(error);
      }
    }
  };
}

/** Pictures of which only digest and size are known, which is all that is judged here. */
function picturesOf({ digests, sizes = {} }: VerdictBatch["pictures"]): PictureFiles {
  const files: PictureFiles = {};
  for (const kind of ["logo", "background"] satisfies PictureKind[]) {
    const [digest, size] = [digests[kind], sizes[kind]];
    if (digest && size)
      files[kind] = { bytes: Buffer.alloc(0), digest, header: { type: "png", passes: 1, parts: [], ...size } };
  }
  return files;
}
