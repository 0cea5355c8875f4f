// The sentences that each language has.

/**
 * Pages that are always the same. Unknown, malformed and deleted codes look alike; `unavailable` is while nobody can
 * say whether a code exists.
 */
export type PageName = "unknown" | "paused" | "expired" | "used" | "unavailable";
/** Why a password is asked for again. */
export type PasswordProblem = "wrong" | "limited" | "busy";

/** Sentences of all pages in one language. */
export type Wording = Record<PageName, [title: string, text: string]> & {
  password: Record<"title" | "text" | "label" | "button" | PasswordProblem, string>;
  preview: Record<"title" | "varies" | "protected" | "button", string>;
  app: Record<"title" | "open" | "web", string>;
  /** Before the name of who can be asked: of a code, and of this service where the code is not known. */
  whose: Record<"code" | "service", string>;
};
