// Error correction codewords (ISO/IEC 18004:2015, 7.5): Reed–Solomon over GF(2⁸) with the modulus of the standard. The
// multiples of each generator polynomial are tabulated, so that a codeword costs one pass over the remainder.

/** x⁸ + x⁴ + x³ + x² + 1, see 7.5.2. */
const modulus = 0x11d;
const fieldSize = 0x100;

/** Product in the field, bit by bit; only the tables need it. */
function multiply(a: number, b: number): number {
  let product = 0;
  for (let bit = 7; bit >= 0; bit--) {
    product = (product << 1) ^ ((product >> 7) * modulus);
    product ^= ((b >> bit) & 1) * a;
  }
  return product;
}

/** Coefficients of (x − 1)(x − 2)(x − 4)… of a degree, highest power first, without the leading 1 (annex A). */
function generatorOf(degree: number): Uint8Array {
  const generator = new Uint8Array(degree);
  generator[degree - 1] = 1;
  let root = 1;
  for (let i = 0; i < degree; i++) {
    for (let j = 0; j < degree; j++) {
      generator[j] = multiply(generator[j] as number, root) ^ (generator[j + 1] ?? 0);
    }
    root = multiply(root, 2);
  }
  return generator;
}

/** Codewords in a word. */
const wordSize = 4;

const multiplesByDegree = new Map<number, Int32Array>();

/**
 * Row `factor` of the table holds factor × generator, four coefficients a word, highest first, filled up with zeros;
 * there are 13 degrees in all, some 70 kB.
 */
function multiplesOf(degree: number): Int32Array {
  let multiples = multiplesByDegree.get(degree);
  if (!multiples) {
    const generator = generatorOf(degree);
    const words = Math.ceil(degree / wordSize);
    multiples = new Int32Array(fieldSize * words);
    for (let factor = 0; factor < fieldSize; factor++) {
      for (let i = 0; i < degree; i++) {
        const shift = 24 - 8 * (i % wordSize);
        (multiples[factor * words + Math.floor(i / wordSize)] as number) |=
          multiply(generator[i] as number, factor) << shift;
      }
    }
    multiplesByDegree.set(degree, multiples);
  }
  return multiples;
}

/**
 * A function that takes the remainder of data[start … end) by the generator of this degree. The remainder comes packed
 * like the multiples, in an array that the next call overwrites; `codewordAt` unpacks it.
 */
export function makeDivider(degree: number): (data: Uint8Array, start: number, end: number) => Int32Array {
  const multiples = multiplesOf(degree);
  const remainder = new Int32Array(Math.ceil(degree / wordSize));
  const last = remainder.length - 1;
  return function divide(data, start, end) {
    remainder.fill(0);
    for (let at = start; at < end; at++) {
      const row = ((data[at] as number) ^ ((remainder[0] as number) >>> 24)) * remainder.length;
      for (let i = 0; i < last; i++) {
        const shifted = ((remainder[i] as number) << 8) | ((remainder[i + 1] as number) >>> 24);
        remainder[i] = shifted ^ (multiples[row + i] as number);
      }
      remainder[last] = ((remainder[last] as number) << 8) ^ (multiples[row + last] as number);
    }
    return remainder;
  };
}

/** A correction codeword of a remainder. */
export function codewordAt(remainder: Int32Array, i: number): number {
  return ((remainder[i >> 2] as number) >>> (24 - 8 * (i & 3))) & 0xff;
}
