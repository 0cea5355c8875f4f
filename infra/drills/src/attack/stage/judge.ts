// The promises that hold for every answer, whatever was asked: no failure but a 503 that says when to come back, every
// refusal a short problem document, nothing of the inside in it.
import type { Answer } from "./client.js";

/** A refusal that names a hundred fields is shorter. */
export const refusalBytesMax = 16_384;

/** Traces, statements, paths and names of the parts inside. */
const internals =
  /\bat [\w.<>]+ \(|node:internal|node_modules|\/(?:tmp|home|usr|var)\/|\.[jt]s:\d+|\bSELECT\b.+\bFROM\b|prisma|postgres|ioredis|ECONNREFUSED|ENOENT|Cannot read properties|is not a function|127\.0\.0\.1:\d{4,5}/i;

/** Broken promises of an answer; an empty list when it keeps them all. `isPage` answers may be HTML. */
export function judge(answer: Answer, { isPage = false, isHead = false } = {}): string[] {
  const { status, headers, body, length } = answer;
  const wrong: string[] = [];
  if (status < 400) return wrong;
  const type = String(headers["content-type"] ?? "");
  const isProblem = type.startsWith("application/problem+json");
  if (status >= 500 && status !== 503) wrong.push(`answered ${status}`);
  if ((status === 503 || status === 429) && !/^\d+$/.test(String(headers["retry-after"] ?? ""))) {
    wrong.push(`answered ${status} without Retry-After`);
  }
  if (!isProblem && !(isPage && type.startsWith("text/html"))) wrong.push(`answered ${status} as ${type || "nothing"}`);
  if (length > refusalBytesMax) wrong.push(`a refusal of ${length} bytes`);
  const text = body.toString("utf8", 0, refusalBytesMax);
  // The page of a problem is at the address that clients use.
  const shown = internals.exec(text.replace(/"type":"[^"]*"/, ""))?.[0];
  if (shown) wrong.push(`a refusal that shows ${JSON.stringify(shown)}`);
  if (isProblem && !isHead && length <= refusalBytesMax && !isProblemDocument(text, status)) {
    wrong.push(`answered ${status} by what is no problem document`);
  }
  return wrong;
}

function isProblemDocument(text: string, status: number): boolean {
  try {
    const { type, title, code, detail, ...rest } = JSON.parse(text) as Record<string, unknown>;
    const words = [type, title, code, detail, rest.request_id];
    return rest.status === status && words.every((word) => typeof word === "string" && word !== "");
  } catch {
    return false;
  }
}
