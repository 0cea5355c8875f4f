import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import { readWorkspace, rolesToRestart } from "./watch.js";

const workspace = readWorkspace(fileURLToPath(new URL("../../../../", import.meta.url)));

test("a service is restarted for its own code and for that of every package in it", () => {
  const roles = (...changed: string[]) => rolesToRestart(workspace, changed);
  expect(roles("@qrfactory/render")).toEqual(["render"]);
  expect(roles("@qrfactory/visitor")).toContain("redirect");
  expect(roles("@qrfactory/db")).toEqual(["management", "worker", "render"]);
  expect(roles("@qrfactory/domain")).toEqual(["management", "worker", "render", "redirect"]);
  expect(roles("@qrfactory/testing")).toEqual([]);
});
