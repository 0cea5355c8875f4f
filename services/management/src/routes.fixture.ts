// Every route of the API as the tests of all routes know it: rights, credentials and success by its declaration, and a
// request that succeeds.
import { routePathOf } from "@qrfactory/api/bind";
import type { Operation } from "@qrfactory/api/operation";
import { managementOperations } from "@qrfactory/api/operations";
import {
  cancelledOrder,
  code,
  deleteCode,
  finishedOrder,
  invite,
  inviteAndRead,
  logIn,
  makeCode,
  makeKey,
  newGuest,
  newPassword,
  order,
  type RouteCase,
  scheduleChange,
  type TriedRoute,
} from "./routes-world.fixture.js";

type Id = keyof typeof managementOperations;

/** What the tests send, in the order of the document. */
const routeCases: Record<Id, RouteCase> = {
  signUp: {
    body: () => ({ email: newGuest(), password: newPassword, workspace_name: "New" }),
    throttled: true,
  },
  logIn: {
    body: ({ emails, password }) => ({ email: emails.owner, password }),
    throttled: true,
  },
  refreshSession: { body: async (world) => ({ refresh_token: (await logIn(world)).refresh_token }) },
  logOut: { body: async (world) => ({ refresh_token: (await logIn(world)).refresh_token }) },
  switchWorkspace: { body: ({ workspaceId }) => ({ workspace_id: workspaceId }) },
  changePassword: {
    body: ({ password }) => ({ old_password: password, password: newPassword }),
    ends: true,
  },
  forgotPassword: {
    body: ({ emails }) => ({ email: emails.owner }),
    throttled: true,
  },
  resetPassword: {
    body: async ({ api, emails }) => {
      await api.send("POST", "/api/v1/auth/password/forgot", { body: { email: emails.viewer } });
      return { token: await api.mailedToken(emails.viewer, "password"), password: newPassword };
    },
    ends: true,
    throttled: true,
  },
  verifyEmail: {
    body: async ({ api, emails }) => ({ token: await api.mailedToken(emails.owner, "address") }),
    ends: true,
    throttled: true,
  },
  sendVerification: { body: () => ({}) },
  acceptInvitation: { body: async (world) => ({ token: await inviteAndRead(world), password: newPassword }) },
  getMe: {},
  listMembers: {},
  inviteMember: { body: () => ({ email: newGuest(), role: "viewer" }) },
  changeMemberRole: { target: invite, body: () => ({ role: "member" }) },
  // Anybody may leave; only admins remove others.
  removeMember: { needs: "admin", target: invite },
  transferOwnership: {
    target: async ({ as, emails }) => {
      const { results } = (await as.owner("GET", "/api/v1/members")).body;
      return results.find(({ email }: { email: string }) => email === emails.member).id;
    },
    body: () => ({}),
    ends: true,
  },
  getWorkspace: {},
  updateWorkspace: { body: () => ({ overage_enabled: false }) },
  deleteWorkspace: {
    body: ({ password }) => ({ password }),
    ends: true,
  },
  listWorkspaces: {},
  createWorkspace: { body: () => ({ name: "Client" }) },
  listKeys: {},
  createKey: { body: () => ({ name: "Shop" }) },
  revokeKey: { success: 204, target: makeKey },
  rotateKey: { target: makeKey, body: () => ({}) },
  listAuditEvents: {},
  listCodes: {},
  createCode: { body: () => code },
  updateCodes: { body: async (world) => ({ short_ids: [await makeCode(world)], changes: { name: "New name" } }) },
  exportCodes: { query: "format=csv" },
  getCode: { target: makeCode },
  updateCode: { target: makeCode, body: () => ({ name: "New name" }) },
  deleteCode: { target: makeCode },
  restoreCode: { target: deleteCode, body: () => ({}) },
  listVersions: { target: makeCode },
  rollBackCode: { target: makeCode, body: () => ({ version: 1 }) },
  resolveCode: { target: makeCode, body: () => ({ country: "AT" }) },
  listScheduledChanges: { target: makeCode },
  scheduleChange: {
    target: makeCode,
    body: () => ({ name: "Later", effective_at: new Date(Date.now() + 3_600_000).toISOString() }),
  },
  cancelScheduledChange: { target: scheduleChange },
  orderBulk: { success: 202, body: () => ({ items: [{ data: "https://example.com/" }] }) },
  listBulkOrders: {},
  getBulkOrder: { target: order },
  cancelBulkOrder: { target: order },
  followBulkOrder: { target: cancelledOrder },
  // Nobody is asked for with a link; this is without one.
  downloadBulkOrder: { needs: "viewer", target: finishedOrder },
  listOrphans: {},
  getCodeReport: { target: makeCode },
  listCodeScans: { target: makeCode },
  exportCodeScans: { target: makeCode },
  streamCodeScans: { target: makeCode, query: "limit=1" },
  streamWorkspaceScans: { query: "limit=1" },
  getWorkspaceReport: {},
  listWorkspaceScans: {},
  exportWorkspaceScans: {},
  listCalls: {},
  getUsage: {},
  getWorkspaceUsage: {},
  listPlans: {},
  getOpenApiJson: {},
  getOpenApiYaml: {},
  getReferencePage: {},
  getReferenceViewer: {},
  getReferenceTheme: {},
  listProblems: {},
  getProblem: {},
  // Of the worlds of these tests, owners are operators.
  getQueues: { needs: "owner" },
};

/** Every route with what its declaration says of it. */
export const triedRoutes: TriedRoute[] = Object.entries(routeCases).map(([id, { needs, success, ...request }]) => {
  const operation: Operation = managementOperations[id as Id];
  const { method, access, query, body, answers, example = {} } = operation;
  const key = access?.keysOnly ? "alone" : access?.scope ? "too" : null;
  return {
    ...request,
    route: `${method} ${spellPath(routePathOf(operation.path))}`,
    needs: needs ?? (access === null || access.optional ? null : (access.role ?? "viewer")),
    ...(key && { key }),
    success: success ?? Math.min(...Object.keys(answers).map(Number)),
    example,
    takesNothing: method === "GET" ? query === undefined : body === undefined,
  };
});

/** A path as the document spells it. */
export function spellPath(path: string): string {
  return path.replace(/:\w+/g, ":id");
}

/** The method of a case, and its path with `target` in the place of its ids. */
export function addressOf(
  { route, query }: Pick<TriedRoute, "route" | "query">,
  target = "",
): { method: string; path: string } {
  const [method = "", pattern = ""] = route.split(" ");
  const path = pattern.replace(/:id.*:id|:id/, target);
  return { method, path: query === undefined ? path : `${path}?${query}` };
}
