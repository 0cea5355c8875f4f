// Which tags a query means, for lists of codes and for analytics alike.

/**
 * The tags of a text with commas between them, in lower case, of which a code has one at least. A comma may be part of
 * a tag, so the whole text counts as one, too.
 */
export const tagsNamed = (text: string): string[] => {
  const named = [text, ...text.split(",")].map((tag) => tag.trim().toLowerCase());
  return [...new Set(named)].filter((tag) => tag !== "");
};
