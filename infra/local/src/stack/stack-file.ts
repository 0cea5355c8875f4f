// stack.json: where everything of a running stack is, for scripts and checks. Its shape is part of the contract.
import { readFileSync } from "node:fs";
import { z } from "zod";
import { roles } from "./supervisor.js";

const pids = z.array(z.int().positive());

const stackFile = z.object({
  gateway: z.url(),
  management: z.url(),
  render: z.url(),
  regions: z.array(z.object({ name: z.string(), redirect: z.url(), redis: z.string() })),
  database_url: z.string(),
  state_redis_url: z.string(),
  render_cache_url: z.string(),
  demo: z.object({
    email: z.string(),
    password: z.string(),
    workspace_id: z.string(),
    api_key: z.string(),
    signing_secret: z.string(),
  }),
  pids: z.record(z.enum(roles), pids),
});

/** Content of stack.json. */
export type StackFile = z.infer<typeof stackFile>;
/** Account and key of the demo workspace. */
export type Demo = StackFile["demo"];

/** Reads the file of a running stack; throws with what to do when there is none. */
export function readStackFile(file: string): StackFile {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    throw new Error(`No stack runs here (${file} is missing). Start one with: npm start`);
  }
  return stackFile.parse(JSON.parse(text));
}
