// Where a scan would lead, decided by the same function as the scan itself, with its reasons; nothing is counted.
import { createHash } from "node:crypto";
import type { Db } from "@qrfactory/db/client";
import { codeState, routingOf } from "@qrfactory/db/code-routing";
import { type DynamicCode, getCode } from "@qrfactory/db/dynamic-codes";
import { momentField } from "@qrfactory/domain/code-input";
import { isCountry } from "@qrfactory/domain/countries";
import { preferredLanguage } from "@qrfactory/domain/preferred-language";
import { compileRoutes, type Decision, route, type Step } from "@qrfactory/domain/route";
import type { Visitor } from "@qrfactory/domain/rules";
import { readJson } from "@qrfactory/runtime/body";
import { readUserAgent } from "@qrfactory/visitor/user-agent";
import type { Request, Response } from "express";
import { z } from "zod";
import type { FindCaller } from "../caller.js";
import { readShortId } from "./address.js";

/** As much as a scan record holds of a header. */
const headerLengthMax = 512;

const resolveBody = z.strictObject({
  at: momentField.optional(),
  country: z
    .string()
    .transform((code) => code.toUpperCase())
    .refine(isCountry, "Use an ISO 3166-1 code of two letters such as AT or GB.")
    .optional(),
  user_agent: z.string().max(headerLengthMax, `Use at most ${headerLengthMax} characters.`).optional(),
  language: z.string().max(headerLengthMax, `Use at most ${headerLengthMax} characters.`).optional(),
});

export type ResolveOptions = { db: Db; findCaller: FindCaller };

/** The handler of `POST …/resolve`: the code as it is now, at the moment that is asked for. */
export function makeResolve({ db, findCaller }: ResolveOptions) {
  return async function resolve(req: Request, res: Response): Promise<void> {
    const { workspaceId } = await findCaller(req, res);
    const { at, ...scan } = await readJson(req, resolveBody);
    const row = await getCode(db, workspaceId, readShortId(req));
    const trace: Step[] = [];
    const decision = route(
      codeState(row),
      compileRoutes(row.destinationUrl, routingOf(row)),
      visitorOf(row, scan),
      at?.getTime() ?? Date.now(),
      { trace: (step, detail) => trace.push({ step, detail }) },
    );
    res.json({ ...wireOf(decision), trace });
  };
}

/** Whoever scans from there, with that and so: the same answer whenever it is asked again. */
function visitorOf(row: DynamicCode, scan: Omit<z.output<typeof resolveBody>, "at">): Visitor {
  const { country = null, user_agent = "", language = "" } = scan;
  const key = createHash("sha256").update(`${row.id} ${country} ${user_agent} ${language}`).digest("hex");
  return {
    country: () => country,
    client: () => readUserAgent(user_agent),
    system: () => (readUserAgent(user_agent).os ?? "").toLowerCase(),
    language: () => preferredLanguage(language),
    key: () => key,
    query: "",
  };
}

/** An answer that is a page has no address; the trace says why. */
function wireOf(decision: Decision) {
  if (decision.kind !== "leads") return { destination_url: null, matched_rule: null };
  return { destination_url: decision.app === null ? decision.url : null, matched_rule: decision.rule };
}
