// Scopes of API keys; each kind of route needs one of these.

export const keyScopes = ["render", "codes:read", "codes:write", "bulk", "analytics"] as const;
export type KeyScope = (typeof keyScopes)[number];
