// Marks: texts that nobody else would ever send, one in everything that a person sends, and the search for them in
// files.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** Where the requests of the person come from; networks of /24 are kept, addresses are not. */
export const markedAddress = "127.77.1.9";

/** Marks by what they stand in; none may be found in a file afterwards. */
export const marks = {
  address: markedAddress,
  "user agent": "SecretAgent/77.4711",
  query: "querymark=9d2e",
  "referrer's path": "/diary-of-a-scanner",
  "Wi-Fi password": "wifi-pass-Xk42zQ",
  "text of a code": "a payload that nobody keeps 8c1b",
  "log-in password": "account-pass-7e9f",
  "guessed password": "guessed-pass-3a2b",
  "code's password": "open-sesame-5b7a",
  "access token": "eyJmark.bWFyaw.c2lnbWFyaw",
} as const;

/** Headers of a phone's browser with their marks. */
export const markedHeaders = {
  "User-Agent": `Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) ${marks["user agent"]}`,
  Referer: `https://social.example.com${marks["referrer's path"]}?${marks.query}`,
};

/** A secret by its form: what was mailed is known to nobody else. */
export const mailedToken = /smt_[A-Za-z0-9_-]{43}/;

/** A mark by its name, and the file that holds it. */
export type Found = { what: string; file: string };

/** Every file below a directory, with its path from there; files that go away meanwhile are left out. */
export function filesIn(directory: string): { path: string; mode: number }[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .flatMap(({ parentPath, name }) => {
      try {
        return [{ path: join(parentPath, name), mode: statSync(join(parentPath, name)).mode & 0o777 }];
      } catch {
        return [];
      }
    });
}

/** Looks for texts in every file below the directories: as they are, encoded for addresses, in base64. */
export function search(directories: string[], wanted: Record<string, string | RegExp>): Found[] {
  const spelled = Object.entries(wanted).flatMap(([what, mark]): [string, string | RegExp][] =>
    typeof mark === "string" ? [...spellings(mark)].map((text): [string, string] => [what, text]) : [[what, mark]],
  );
  const found = new Map<string, Found>();
  for (const directory of directories) {
    for (const { path } of filesIn(directory)) {
      const text = read(path);
      const file = path.slice(directory.length + 1);
      for (const [what, mark] of spelled) {
        const isThere = typeof mark === "string" ? text.includes(mark) : mark.test(text);
        if (isThere) found.set(`${what} ${file}`, { what, file });
      }
    }
  }
  return [...found.values()];
}

const spellings = (text: string) =>
  new Set([
    text,
    encodeURIComponent(text),
    Buffer.from(text)
      .toString("base64")
      .replace(/.{0,3}$/, ""),
  ]);

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

/** In a few words what was found where: `address in logs/gateway.log, query in …`; numbers in names do not matter. */
export function tell(found: Found[]): string[] {
  const kinds = found.map(({ what, file }) => `${what} in ${file.replace(/\d{3,}|[0-9a-f]{8,}/g, "#")}`);
  return [...new Set(kinds)];
}
