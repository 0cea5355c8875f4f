// Where a scan would lead, decided by the same function as the scan itself, with its reasons; nothing is counted.
import { createHash } from "node:crypto";
import { codeOperations } from "@qrfactory/api/operations/codes";
import { wireNames } from "@qrfactory/codes/fields/stored";
import { stateOf, toRouting } from "@qrfactory/codes/published/publication";
import { compileRoutes, type Decision, route, type Step } from "@qrfactory/codes/routing/route";
import { nameRouting } from "@qrfactory/codes/routing/routing-ids";
import type { Visitor } from "@qrfactory/codes/routing/rules";
import type { Db } from "@qrfactory/db/client";
import { type DynamicCode, getCode } from "@qrfactory/db/codes/codes";
import { foreseeCode, type ScheduledChange } from "@qrfactory/db/codes/scheduled-changes";
import { preferredLanguage } from "@qrfactory/domain/http/preferred-language";
import { readJson } from "@qrfactory/runtime/http/body";
import { readUserAgent } from "@qrfactory/visitor/user-agent";
import type { Request, Response } from "express";
import type { z } from "zod";
import type { FindCaller } from "../http/caller.js";
import { readShortId } from "./address.js";

/** Dependencies of the look ahead at a scan. */
export type ResolveOptions = { db: Db; findCaller: FindCaller };

/**
 * The handler of `POST …/resolve`: the code as it is now, at the moment that is asked for; of one that is to come, as
 * the changes that wait until then make it. A password is a step of the trace, and then it goes on as with the right
 * one.
 */
export function makeResolve({ db, findCaller }: ResolveOptions) {
  return async function resolve(req: Request, res: Response): Promise<void> {
    const { workspaceId } = await findCaller(req, res);
    const { at, ...scan } = await readJson(req, codeOperations.resolveCode.body);
    const now = new Date();
    const known = await getCode(db, workspaceId, readShortId(req));
    const { code: row, made } = at && at > now ? await foreseeCode(db, known, at) : { code: known, made: [] };
    const trace: Step[] = made.map(scheduleStep);
    const decide = (isUnlocked: boolean) =>
      route(
        stateOf(row),
        compileRoutes(row.destinationUrl, toRouting(row)),
        visitorOf(row, scan),
        (at ?? now).getTime(),
        { isUnlocked, trace: (step, detail) => trace.push({ step, detail }) },
      );
    const first = decide(false);
    const decision = first.kind === "password" ? decide(true) : first;
    res.json({ ...wireOf(decision, nameRouting(row)), trace });
  };
}

const scheduleStep = ({ effectiveAt, changes }: ScheduledChange): Step => ({
  step: "schedule",
  detail:
    `The change that is scheduled for ${effectiveAt.toISOString()} is made: ` +
    `${wireNames(changes).sort().join(", ")}.`,
});

/** The visitor of a request: the same one whenever the same is asked. */
function visitorOf(row: DynamicCode, scan: Omit<z.output<typeof codeOperations.resolveCode.body>, "at">): Visitor {
  const { country = null, user_agent = "", language = "", device, os, browser } = scan;
  const words = [device, os, browser].filter((word) => word !== undefined);
  const key = createHash("sha256")
    .update([row.id, country, user_agent, language, ...words].join(" "))
    .digest("hex");
  const read = readUserAgent(user_agent);
  const client = {
    device: device ?? read.device,
    os: os ?? read.os,
    // Without a text of its own, what is said of a device is said of a person's.
    botClass: user_agent === "" && words.length > 0 ? null : read.botClass,
  };
  return {
    country: () => country,
    client: () => client,
    system: () => (client.os ?? "").toLowerCase(),
    language: () => preferredLanguage(language),
    key: () => key,
    query: "",
  };
}

/** An answer that is a page has no address; the trace says why. */
function wireOf(decision: Decision, { rules, variants }: ReturnType<typeof nameRouting>) {
  if (decision.kind !== "leads") return { destination_url: null, matched_rule: null, matched_variant: null };
  const placeIn = (items: { id: string }[], index: number | null) => {
    const id = items[index ?? -1]?.id;
    return id === undefined ? null : { id, index };
  };
  return {
    destination_url: decision.app === null ? decision.url : null,
    matched_rule: placeIn(rules, decision.rule),
    matched_variant: placeIn(variants, decision.variant),
  };
}
