// `qrfactory-admin workspaces …`: who is there, and what an operator does to them. Every change is in the audit trail,
// and holds for every service within two seconds.
import {
  changeWorkspace,
  findWorkspaces,
  getWorkspaceDetails,
  type WorkspaceChange,
  type WorkspaceSummary,
} from "@qrfactory/db/accounts/workspaces";
import { type PlanName, planNames } from "@qrfactory/domain/plan/plans";
import { type Command, type Context, exitDone, readWorkspaceId, UsageError } from "./command.js";

/** Workspaces that are listed at once; `--search` finds the others. */
const listedMax = 1_000;

const asJson = { json: { type: "boolean" } } as const;

/** `workspaces list` */
export const listCommand: Command = {
  synopsis: "[--search TEXT] [--json]",
  help: `lists workspaces, the newest first, at most ${listedMax}`,
  options: { search: { type: "string" }, ...asJson },
  async run({ db, print }, _operands, { search = "", json }) {
    const found = await findWorkspaces(db, String(search), listedMax);
    if (json) print(JSON.stringify(found.map(summaryDocument), null, 2));
    else for (const workspace of found) print(lineOf(workspace));
    return exitDone;
  },
};

/** `workspaces show` */
export const showCommand: Command = {
  synopsis: "ID [--json]",
  help: "shows a workspace: its people, plan, standing and what it holds",
  options: asJson,
  async run({ db, print }, [id], { json }) {
    const details = await getWorkspaceDetails(db, readWorkspaceId(id));
    const document = {
      ...summaryDocument(details),
      suspended_at: details.suspendedAt,
      lapsed_at: details.lapsedAt,
      over_limit_at: details.overLimitAt,
      overage_enabled: details.overageEnabled,
      overage_renders_max: details.overageRendersMax,
      retention_months: details.retentionMonths,
      members: details.members,
      keys: details.keys,
      codes: details.codes,
      active_codes: details.activeCodes,
    };
    if (json) print(JSON.stringify(document, null, 2));
    else for (const [name, value] of Object.entries(document)) print(`${name}: ${wordOf(value)}`);
    return exitDone;
  },
};

/** `workspaces set-plan` */
export const setPlanCommand: Command = {
  synopsis: "ID PLAN",
  help: `gives a workspace another plan: ${planNames.join(", ")}`,
  run: (context, [id, plan]) => {
    if (!planNames.includes(plan as PlanName)) throw new UsageError(`PLAN is one of: ${planNames.join(", ")}.`);
    return change(context, id, { action: "workspace.plan_changed", plan: plan as PlanName });
  },
};

const withReason = {
  synopsis: "ID --reason TEXT",
  options: { reason: { type: "string" } },
} as const;

/** `workspaces suspend` */
export const suspendCommand: Command = {
  ...withReason,
  help: "freezes a workspace: its codes go on, nothing is created, edited or drawn",
  run: (context, [id], { reason }) =>
    change(context, id, { action: "workspace.suspended", reason: readReason(reason) }),
};

/** `workspaces resume` */
export const resumeCommand: Command = {
  ...withReason,
  help: "ends a suspension",
  run: (context, [id], { reason }) => change(context, id, { action: "workspace.resumed", reason: readReason(reason) }),
};

/** `workspaces lapse` */
export const lapseCommand: Command = {
  synopsis: "ID",
  help: "freezes a workspace that nobody pays for any more",
  run: (context, [id]) => change(context, id, { action: "workspace.lapsed" }),
};

/** `workspaces renew` */
export const renewCommand: Command = {
  synopsis: "ID",
  help: "ends a lapse",
  run: (context, [id]) => change(context, id, { action: "workspace.renewed" }),
};

/** A window that outlives every plan and every clerk. */
const retentionMonthsMax = 120;

/** `workspaces set-retention` */
export const setRetentionCommand: Command = {
  synopsis: "ID MONTHS",
  help:
    `keeps calls, scans and audit events for so many months, at most ${retentionMonthsMax}; ` +
    "0 for everybody's window",
  run: (context, [id, text]) => {
    const months = /^\d{1,3}$/.test(text ?? "") ? Number(text) : Number.NaN;
    if (!(months <= retentionMonthsMax)) throw new UsageError(`MONTHS is a number from 0 to ${retentionMonthsMax}.`);
    return change(context, id, { action: "workspace.retention_changed", months: months === 0 ? null : months });
  },
};

async function change(
  { db, actor, publishKeys, print }: Context,
  id: string | undefined,
  wanted: WorkspaceChange,
): Promise<number> {
  const workspaceId = readWorkspaceId(id);
  await publishKeys(await changeWorkspace(db, workspaceId, wanted, actor));
  print(lineOf(await getWorkspaceDetails(db, workspaceId)));
  return exitDone;
}

function readReason(reason: string | boolean | undefined): string {
  if (typeof reason !== "string" || reason.trim() === "") throw new UsageError("Give a reason: --reason TEXT.");
  return reason.trim();
}

function summaryDocument({ id, name, plan, frozen, owners, createdAt }: WorkspaceSummary) {
  return { id, name, plan, frozen, owners, created_at: createdAt };
}

const lineOf = ({ id, plan, frozen, name, owners }: WorkspaceSummary) =>
  [id, plan, frozen ?? "active", name, owners.join(",")].join("\t");

function wordOf(value: unknown): string {
  if (value === null) return "-";
  return value instanceof Date ? value.toISOString() : String(value);
}
