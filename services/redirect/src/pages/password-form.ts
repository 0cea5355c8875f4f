// The answer to the form that asks for a code's password: a small body of one field, and what comes of it.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Decision } from "@qrfactory/codes/routing/route";
import { ApiError } from "@qrfactory/domain/http/errors";
import { clientAddress, makeAddressMatcher } from "@qrfactory/domain/network/network";
import { type CheckPassword, passwordRetrySeconds } from "./passwords.js";
import type { PasswordProblem } from "./wording.js";

/** 256 characters of four bytes, each written as `%XX`, and the field's name. */
const bodyBytesMax = 4_096;
/** Duration of a busy moment. */
const busyRetrySeconds = 2;

/** Reads the form of a locked code; null when the password was right, else why it is asked for again. */
export type Unlock = (
  req: IncomingMessage,
  res: ServerResponse,
  codeId: string,
  locked: Extract<Decision, { kind: "password" }>,
) => Promise<PasswordProblem | null>;

/** Dependencies of the password form. */
export type UnlockOptions = {
  checkPassword: CheckPassword;
  /** Networks whose `X-Forwarded-For` is believed. */
  trustedProxies: readonly string[];
};

/** Throws `unsupported_media_type` and `body_too_large` for what no form of ours sends. */
export function makeUnlock({ checkPassword, trustedProxies }: UnlockOptions): Unlock {
  const isTrusted = makeAddressMatcher(trustedProxies);
  return async function unlock(req, res, codeId, { passwordHash }) {
    const password = await readPassword(req);
    const forwardedFor = req.headers["x-forwarded-for"] as string | undefined;
    const address = clientAddress(req.socket.remoteAddress ?? "", forwardedFor, isTrusted);
    const verdict = await checkPassword({ codeId, address, passwordHash, password });
    if (verdict === "right") return null;
    if (verdict === "limited") res.setHeader("Retry-After", String(passwordRetrySeconds));
    if (verdict === "busy") res.setHeader("Retry-After", String(busyRetrySeconds));
    return verdict;
  };
}

async function readPassword(req: IncomingMessage): Promise<string> {
  if (!/^application\/x-www-form-urlencoded\b/i.test(req.headers["content-type"] ?? "")) {
    throw new ApiError("unsupported_media_type", "Send the password as a form: application/x-www-form-urlencoded.");
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  // The connection stays open for the answer when the rest is not read.
  for await (const chunk of req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bodyBytesMax) break;
    chunks.push(chunk);
  }
  if (bytes > bodyBytesMax) {
    // The next request on the connection would wait behind a body that nobody reads.
    req.resume();
    throw new ApiError("body_too_large", `The body is larger than ${bodyBytesMax} bytes.`);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString("utf8")).get("password") ?? "";
}
