// Conditional requests: the copy that a client has already (RFC 9110, 13).
import type { IncomingMessage } from "node:http";

/** Characters of the header that are looked at: some hundred tags of ours. */
const headerMax = 8_192;

/** Whether the client says in `If-None-Match` that it has the representation with this entity tag; compared weakly. */
export function hasAlready(req: IncomingMessage, etag: string): boolean {
  const tags = (req.headers["if-none-match"] ?? "").slice(0, headerMax).split(",");
  return tags.some((tag) => ["*", etag].includes(tag.trim().replace(/^W\//, "")));
}
