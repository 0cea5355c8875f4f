// Limits on the length of texts of people and clients, in characters, wherever one is read.

/** Longest texts; a shorter limit of one place stands there, with its reason. */
export const lengthsMax = {
  /** Of a code, an API key or a workspace. */
  name: 120,
  folder: 100,
  tag: 50,
  /** A web address: a destination, a fallback, a link inside a code, a picture to be fetched. */
  webAddress: 2_000,
  /** RFC 5321, 4.5.3.1.3, less the angle brackets. */
  email: 254,
  /** A password or a token, as it is typed or sent. */
  secret: 256,
  /** A position in a list, as we gave it. */
  cursor: 1_000,
  /** RFC 1035, 2.3.4. */
  host: 255,
};

/** The message about a text that is too long. */
export const tooLongFor = (lengthMax: number): string => `Use at most ${lengthMax} characters.`;
