// The shape of a sound request, and the address that stands in the bodies of all.

/** Resource that an accepted request makes. */
export type Effect = "keys" | "codes" | "members" | "workspaces" | "credits" | "none";

/** A sound request: its sender, its body, and the effect that it has when it is accepted. */
export type Sound = { route: string; method?: string; as: "asUser" | "asKey" | "nobody"; body: unknown; makes: Effect };

/** Address that codes lead to and images hold. */
export const url = "https://example.com";
