// Fields of the wire on the command line: `name=value`, where a value that is JSON means that, and any other is text.
import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { InvalidArgumentError } from "commander";
import { UsageError } from "./failure.js";

export type Fields = Record<string, unknown>;

/** Collects `--set name=value`, given any number of times. */
export function collectField(text: string, before: Fields = {}): Fields {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("Write name=value.");
  return { ...before, [text.slice(0, at)]: readValue(text.slice(at + 1)) };
}

/** Numbers as they are written, so that 1e3 and 0x10 stay texts; and what only JSON can say. */
const jsonPattern = /^(-?\d+(\.\d+)?|true|false|null|\[.*\]|\{.*\}|".*")$/s;

function readValue(text: string): unknown {
  if (!jsonPattern.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Collects an option that may be given several times. */
export const collect = (text: string, before: string[] = []): string[] => [...before, text];

/** A whole number of an option. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("Write a whole number.");
  return Number(text);
}

/** Reads a file that an option names. Throws `UsageError`. */
export function readNamed(file: string): Buffer<ArrayBuffer> {
  try {
    return Buffer.from(readFileSync(file === "-" ? 0 : file));
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${(error as Error).message}`);
  }
}

export const formats = ["png", "svg", "pdf", "eps", "jpeg"] as const;

/** The format that the name of a file asks for; undefined for none. */
export function formatOf(file: string | undefined): (typeof formats)[number] | undefined {
  const ending = extname(file ?? "")
    .slice(1)
    .toLowerCase();
  return formats.find((format) => format === (ending === "jpg" ? "jpeg" : ending));
}
