import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { makeNameFile } from "./file-names.js";

const nameAll = (...wanted: string[]) => {
  const nameFile = makeNameFile();
  return wanted.map((name, at) => nameFile(name, at + 1, "png"));
};

test.each([
  [
    ["floor 1/table 7.png", "floor 1/table 7", "floor 2/table 7"],
    ["floor 1/table 7.png", "floor 1/table 7-2.png", "floor 2/table 7.png"],
  ],
  [
    ["A/menu", "a/MENU"],
    ["A/menu.png", "a/MENU-2.png"],
  ],
  [
    ["../../etc/passwd", "/etc/passwd", "./x", "a//b"],
    ["etc/passwd.png", "etc/passwd-2.png", "x.png", "a/b.png"],
  ],
  [["C:\\Windows\\win.ini"], ["Windows/win.ini.png"]],
  [
    ["CON/aux", "folder/"],
    ["_CON/_aux.png", "folder/qr-0002.png"],
  ],
  [
    ["a.png", "a.png/b", "a.png/c"],
    ["a.png", "a.png_/b.png", "a.png_/c.png"],
  ],
  [
    ["a.png/b", "a"],
    ["a.png/b.png", "a-2.png"],
  ],
  [["1/2/3/4/5/6/7/x"], ["1/2/3/4/5/x.png"]],
])("%j is filed as %j", (wanted, names) => {
  expect(nameAll(...wanted)).toEqual(names);
});

test("whatever is asked for, no path leaves the archive, none comes twice, and none is the folder of another", () => {
  const part = fc.oneof(fc.constantFrom("..", ".", "a", "A", "a.png", "con", ""), fc.string({ maxLength: 12 }));
  const path = fc.array(part, { maxLength: 8 }).map((parts) => parts.join("/"));
  fc.assert(
    fc.property(fc.array(path, { maxLength: 20 }), (wanted) => {
      const names = nameAll(...wanted).map((name) => name.toLowerCase());
      expect(new Set(names).size).toBe(names.length);
      const folders = new Set(
        names.flatMap((name) =>
          name
            .split("/")
            .slice(0, -1)
            .map((_, at, all) => all.slice(0, at + 1).join("/")),
        ),
      );
      for (const name of names) {
        expect(folders.has(name)).toBe(false);
        expect(name.split("/").every((one) => one !== "" && !/^\.+$/.test(one))).toBe(true);
      }
    }),
  );
});
