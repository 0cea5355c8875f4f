// What paper is taken to be.

/** What a pixel is on paper where nothing is said, and what vectors are judged at: an ordinary print. */
export const printDpi = 300;
