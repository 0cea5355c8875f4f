// How the command fails: what it says, and the exit code that scripts branch on.
import { AbortedError, ApiError, ConnectionError, QRFactoryError, ServerError } from "qrfactory";

export const exitCodes = { ok: 0, refused: 1, usage: 2, unreachable: 3, interrupted: 130 } as const;

/** A mistake in the command line or in a file that it names. */
export class UsageError extends Error {}

/** The order was carried out, but not all of it came out well. */
export class IncompleteError extends Error {}

export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return exitCodes.usage;
  if (error instanceof ServerError || error instanceof ConnectionError) return exitCodes.unreachable;
  if (error instanceof ApiError || error instanceof IncompleteError || error instanceof AbortedError) {
    return exitCodes.refused;
  }
  return error instanceof QRFactoryError ? exitCodes.unreachable : exitCodes.refused;
}

/** Fields and rows that are told of at most. */
const namedMax = 20;

/** What a person reads: the sentence, each field with its messages, and the id to quote. */
export function sentencesOf(error: unknown): string[] {
  if (!(error instanceof ApiError)) return [error instanceof Error ? error.message : String(error)];
  const fields = Object.entries(error.errors ?? {}).flatMap(([field, messages]) =>
    Array.isArray(messages)
      ? [`  ${field}: ${messages.join(" ")}`]
      : Object.entries(messages as Record<string, string[]>).map(
          ([column, said]) => `  row ${field}, ${column}: ${said.join(" ")}`,
        ),
  );
  const rest = fields.length > namedMax ? [`  and ${fields.length - namedMax} more`] : [];
  const id = error.requestId === null ? [] : [`  (${error.code}, request ${error.requestId})`];
  return [error.detail, ...fields.slice(0, namedMax), ...rest, ...id];
}

/** The same for programs. */
export function documentOf(error: unknown): object {
  if (!(error instanceof ApiError)) return { error: { code: "failed", detail: sentencesOf(error)[0] } };
  const { code, status, detail, errors, requestId } = error;
  return { error: { code, status, detail, ...(errors && { errors }), request_id: requestId } };
}
