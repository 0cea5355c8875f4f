// Assumptions about paper.

/** Resolution of an ordinary print: the default of a pixel on paper, and the one that vectors are judged at. */
export const printDpi = 300;
