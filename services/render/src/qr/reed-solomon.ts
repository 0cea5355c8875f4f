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

const multiplesByDegree = new Map<number, Uint8Array>();

/** Row `factor` of the table holds factor × generator; there are 13 degrees in all, 105 kB. */
function multiplesOf(degree: number): Uint8Array {
  let multiples = multiplesByDegree.get(degree);
  if (!multiples) {
    const generator = generatorOf(degree);
    multiples = new Uint8Array(fieldSize * degree);
    for (let factor = 0; factor < fieldSize; factor++) {
      for (let i = 0; i < degree; i++) multiples[factor * degree + i] = multiply(generator[i] as number, factor);
    }
    multiplesByDegree.set(degree, multiples);
  }
  return multiples;
}

/** The remainder of data[start … end) by the generator of this degree: `degree` correction codewords. */
export function correctionOf(data: Uint8Array, start: number, end: number, degree: number): Uint8Array {
  const multiples = multiplesOf(degree);
  const remainder = new Uint8Array(degree);
  const last = degree - 1;
  for (let at = start; at < end; at++) {
    const row = ((data[at] as number) ^ (remainder[0] as number)) * degree;
    for (let i = 0; i < last; i++) remainder[i] = (remainder[i + 1] as number) ^ (multiples[row + i] as number);
    remainder[last] = multiples[row + last] as number;
  }
  return remainder;
}
