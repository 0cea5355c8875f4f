// Scopes of API keys; each kind of route needs one of these.

/** Scopes in the order in which clients see them; a key without any given has all. */
export const keyScopes = ["render", "codes:read", "codes:write", "bulk", "analytics"] as const;
/** One scope of a key. */
export type KeyScope = (typeof keyScopes)[number];
