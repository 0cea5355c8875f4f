// A transform for jest, of the modules that jest.config.json names. In the sandbox that each test file gets, an
// interceptor is asked at every use of a global, at 0.25 µs, and the loops of an encoder or a parser use some by the
// million. Here each module takes them once, at its beginning.
const { createHash } = require("node:crypto");

const version = "1";

const names =
  "Array Buffer DataView Error Float64Array Int32Array JSON Map Math Number Object Promise Set String " +
  "Uint16Array Uint32Array Uint8Array Uint8ClampedArray";

const patterns = names.split(" ").map((name) => ({
  name,
  isUsed: new RegExp(`(?<![.\\w$])${name}(?![\\w$])`),
  // Said too often rather than too rarely: what is left out is only slower.
  isDeclared: new RegExp(`\\b(?:import|const|let|var|class|function)\\b[^;=()]*(?<![.\\w$])${name}(?![\\w$])`),
}));

const strict = /^(?:\s|\/\/.*|\/\*[\s\S]*?\*\/)*(["']use strict["'])/;

module.exports = {
  getCacheKey: (code, file, { configString }) =>
    createHash("sha1").update([version, file, configString, code].join("\0")).digest("hex"),

  /** The same code with one declaration more, on its first line, so that no line moves. */
  process(code) {
    const taken = patterns.filter(({ isUsed, isDeclared }) => isUsed.test(code) && !isDeclared.test(code));
    if (taken.length === 0) return { code };
    const directive = strict.exec(code)?.[1] ?? "";
    return { code: `${directive};const { ${taken.map(({ name }) => name).join(", ")} } = globalThis;${code}` };
  },
};
