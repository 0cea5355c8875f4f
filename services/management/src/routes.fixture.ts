// Every route of the API as the tests of all routes know it: who may, with what credentials, and a request that
// succeeds.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connectDatabase, withPatience } from "@qrfactory/db/client";
import type { Role } from "@qrfactory/domain/access/roles";
import type { Api, Send } from "./api.fixture.js";

/** A workspace with room for everything and somebody of each role in it. */
export type World = {
  api: Api;
  workspaceId: string;
  /** Senders by role. */
  as: Record<Role, Send>;
  /** E-mail addresses by role; all have the same password. */
  emails: Record<Role, string>;
  password: string;
  /** Sends with a key that has every scope. */
  byKey: Send;
};

export type RouteCase = {
  /** `POST /api/v1/keys/:id/rotate`; `:id` is what `target` makes. */
  route: string;
  /** The least role that may; null where no caller is asked for. */
  needs: Role | null;
  /** Whether an API key may, too, or alone. */
  key?: "too" | "alone";
  success: number;
  /** Makes what the request is about, as the owner, and returns its id. */
  target?: (world: World) => Promise<string>;
  /** A body or query with which it succeeds. */
  body?: (world: World, target: string) => object | Promise<object>;
  query?: string;
  /** The request cannot be wrong but in its address. */
  takesNothing?: true;
  /** It changes its caller or the whole workspace, so it needs a world of its own to succeed in. */
  ends?: true;
  /** Guesses or sign-ups without a caller, counted for their network. */
  throttled?: true;
};

const destination_url = "https://example.com/";
const code = { name: "Menu", destination_url };
const newPassword = "a password that is new";

const makeCode = async ({ as }: World, fields: object = {}): Promise<string> =>
  (await as.owner("POST", "/api/v1/dynamic", { body: { ...code, ...fields } })).body.short_id;
const makeKey = async ({ as }: World): Promise<string> =>
  (await as.owner("POST", "/api/v1/keys", { body: { name: "Shop" } })).body.id;
let guests = 0;
const newGuest = () => `guest-${guests++}@example.com`;
const invite = async ({ as }: World): Promise<string> =>
  (await as.owner("POST", "/api/v1/members", { body: { email: newGuest(), role: "viewer" } })).body.id;
const inviteAndRead = async (world: World): Promise<string> => {
  const email = newGuest();
  await world.as.owner("POST", "/api/v1/members", { body: { email, role: "viewer" } });
  return world.api.mailedToken(email, "invited");
};
const deleteCode = async (world: World): Promise<string> => {
  const shortId = await makeCode(world);
  await world.as.owner("DELETE", `/api/v1/dynamic/${shortId}`);
  return shortId;
};
const logIn = async ({ api, emails, password }: World) =>
  (await api.send("POST", "/api/v1/auth/login", { body: { email: emails.viewer, password } })).body;
const scheduleChange = async (world: World): Promise<string> => {
  const shortId = await makeCode(world);
  const body = { name: "Later", effective_at: new Date(Date.now() + 3_600_000).toISOString() };
  const { body: change } = await world.as.owner("PATCH", `/api/v1/dynamic/${shortId}`, { body });
  return `${shortId}/scheduled/${change.id}`;
};

const order = async ({ as }: World): Promise<string> =>
  (await as.owner("POST", "/api/v1/generate/bulk", { body: { items: [{ data: "https://example.com/" }] } })).body.id;
const cancelledOrder = async (world: World): Promise<string> => {
  const id = await order(world);
  await world.as.owner("DELETE", `/api/v1/bulk/${id}`);
  return id;
};
/** An order as a worker leaves it. */
const finishedOrder = async (world: World): Promise<string> => {
  const id = await order(world);
  const { database, config } = world.api;
  mkdirSync(config.OBJECT_STORE, { recursive: true });
  writeFileSync(join(config.OBJECT_STORE, `${id}.zip`), "a ZIP");
  const db = connectDatabase(database.url, { ...withPatience, poolMax: 1 });
  const done = {
    archive: `${id}.zip`,
    archiveBytes: 5,
    finishedAt: new Date(),
    expiresAt: new Date(Date.now() + 60_000),
  };
  await db.bulkJob.update({ where: { id }, data: { status: "completed", completed: 1, ...done } });
  await db.$disconnect();
  return id;
};

export const routeCases: RouteCase[] = [
  {
    route: "POST /api/v1/auth/signup",
    needs: null,
    success: 201,
    body: () => ({ email: newGuest(), password: newPassword, workspace_name: "New" }),
    throttled: true,
  },
  {
    route: "POST /api/v1/auth/login",
    needs: null,
    success: 200,
    body: ({ emails, password }) => ({ email: emails.owner, password }),
    throttled: true,
  },
  {
    route: "POST /api/v1/auth/refresh",
    needs: null,
    success: 200,
    body: async (world) => ({ refresh_token: (await logIn(world)).refresh_token }),
  },
  {
    route: "POST /api/v1/auth/logout",
    needs: null,
    success: 204,
    body: async (world) => ({ refresh_token: (await logIn(world)).refresh_token }),
  },
  {
    route: "POST /api/v1/auth/switch",
    needs: "viewer",
    success: 200,
    body: ({ workspaceId }) => ({ workspace_id: workspaceId }),
  },
  {
    route: "POST /api/v1/auth/password",
    needs: "viewer",
    success: 204,
    body: ({ password }) => ({ old_password: password, password: newPassword }),
    ends: true,
  },
  {
    route: "POST /api/v1/auth/password/forgot",
    needs: null,
    success: 202,
    body: ({ emails }) => ({ email: emails.owner }),
    throttled: true,
  },
  {
    route: "POST /api/v1/auth/password/reset",
    needs: null,
    success: 204,
    body: async ({ api, emails }) => {
      await api.send("POST", "/api/v1/auth/password/forgot", { body: { email: emails.viewer } });
      return { token: await api.mailedToken(emails.viewer, "password"), password: newPassword };
    },
    ends: true,
    throttled: true,
  },
  {
    route: "POST /api/v1/auth/verify",
    needs: null,
    success: 204,
    body: async ({ api, emails }) => ({ token: await api.mailedToken(emails.owner, "address") }),
    ends: true,
    throttled: true,
  },
  { route: "POST /api/v1/auth/verify/send", needs: "viewer", success: 202, body: () => ({}) },
  {
    route: "POST /api/v1/auth/invitations/accept",
    needs: null,
    success: 201,
    body: async (world) => ({ token: await inviteAndRead(world), password: newPassword }),
  },
  { route: "GET /api/v1/me", needs: "viewer", success: 200, takesNothing: true },
  { route: "GET /api/v1/members", needs: "viewer", success: 200 },
  {
    route: "POST /api/v1/members",
    needs: "admin",
    success: 201,
    body: () => ({ email: newGuest(), role: "viewer" }),
  },
  {
    route: "PATCH /api/v1/members/:id",
    needs: "admin",
    success: 200,
    target: invite,
    body: () => ({ role: "member" }),
  },
  { route: "DELETE /api/v1/members/:id", needs: "admin", success: 204, target: invite, takesNothing: true },
  {
    route: "POST /api/v1/members/:id/transfer",
    needs: "owner",
    success: 200,
    target: async ({ as, emails }) => {
      const { results } = (await as.owner("GET", "/api/v1/members")).body;
      return results.find(({ email }: { email: string }) => email === emails.member).id;
    },
    body: () => ({}),
    ends: true,
  },
  { route: "GET /api/v1/workspace", needs: "viewer", success: 200, takesNothing: true },
  {
    route: "PATCH /api/v1/workspace",
    needs: "owner",
    success: 200,
    body: () => ({ overage_enabled: false }),
  },
  {
    route: "DELETE /api/v1/workspace",
    needs: "owner",
    success: 204,
    body: ({ password }) => ({ password }),
    ends: true,
  },
  { route: "GET /api/v1/workspaces", needs: "viewer", success: 200 },
  { route: "POST /api/v1/workspaces", needs: "viewer", success: 201, body: () => ({ name: "Client" }) },
  { route: "GET /api/v1/keys", needs: "viewer", success: 200 },
  { route: "POST /api/v1/keys", needs: "admin", success: 201, body: () => ({ name: "Shop" }) },
  { route: "DELETE /api/v1/keys/:id", needs: "admin", success: 204, target: makeKey, takesNothing: true },
  { route: "POST /api/v1/keys/:id/rotate", needs: "admin", success: 201, target: makeKey, body: () => ({}) },
  { route: "GET /api/v1/audit", needs: "admin", success: 200 },
  { route: "GET /api/v1/dynamic", needs: "viewer", key: "too", success: 200 },
  { route: "POST /api/v1/dynamic", needs: "member", key: "too", success: 201, body: () => code },
  {
    route: "PATCH /api/v1/dynamic",
    needs: "member",
    key: "too",
    success: 200,
    body: async (world) => ({ short_ids: [await makeCode(world)], changes: { name: "New name" } }),
  },
  { route: "GET /api/v1/dynamic/export", needs: "viewer", key: "too", success: 200, query: "format=csv" },
  { route: "GET /api/v1/dynamic/:id", needs: "viewer", key: "too", success: 200, target: makeCode },
  {
    route: "PATCH /api/v1/dynamic/:id",
    needs: "member",
    key: "too",
    success: 200,
    target: makeCode,
    body: () => ({ name: "New name" }),
  },
  {
    route: "DELETE /api/v1/dynamic/:id",
    needs: "member",
    key: "too",
    success: 204,
    target: makeCode,
    takesNothing: true,
  },
  {
    route: "POST /api/v1/dynamic/:id/restore",
    needs: "member",
    key: "too",
    success: 200,
    target: deleteCode,
    body: () => ({}),
  },
  { route: "GET /api/v1/dynamic/:id/history", needs: "viewer", key: "too", success: 200, target: makeCode },
  {
    route: "POST /api/v1/dynamic/:id/rollback",
    needs: "member",
    key: "too",
    success: 200,
    target: makeCode,
    body: () => ({ version: 1 }),
  },
  {
    route: "POST /api/v1/dynamic/:id/resolve",
    needs: "viewer",
    key: "too",
    success: 200,
    target: makeCode,
    body: () => ({ country: "AT" }),
  },
  { route: "GET /api/v1/dynamic/:id/scheduled", needs: "viewer", key: "too", success: 200, target: makeCode },
  {
    route: "POST /api/v1/dynamic/:id/scheduled",
    needs: "member",
    key: "too",
    success: 201,
    target: makeCode,
    body: () => ({ name: "Later", effective_at: new Date(Date.now() + 3_600_000).toISOString() }),
  },
  {
    route: "DELETE /api/v1/dynamic/:id/scheduled/:id",
    needs: "member",
    key: "too",
    success: 204,
    target: scheduleChange,
    takesNothing: true,
  },
  {
    route: "POST /api/v1/generate/bulk",
    needs: "member",
    key: "too",
    success: 202,
    body: () => ({ items: [{ data: "https://example.com/" }] }),
  },
  { route: "GET /api/v1/bulk", needs: "viewer", key: "too", success: 200 },
  { route: "GET /api/v1/bulk/:id", needs: "viewer", key: "too", success: 200, target: order, takesNothing: true },
  { route: "DELETE /api/v1/bulk/:id", needs: "member", key: "too", success: 204, target: order, takesNothing: true },
  {
    route: "GET /api/v1/bulk/:id/events",
    needs: "viewer",
    key: "too",
    success: 200,
    target: cancelledOrder,
    takesNothing: true,
  },
  { route: "GET /api/v1/bulk/:id/download", needs: "viewer", key: "too", success: 200, target: finishedOrder },
  { route: "GET /api/v1/orphans", needs: "viewer", key: "too", success: 200 },
  { route: "GET /api/v1/dynamic/:id/analytics", needs: "viewer", key: "too", success: 200, target: makeCode },
  { route: "GET /api/v1/dynamic/:id/scans", needs: "viewer", key: "too", success: 200, target: makeCode },
  { route: "GET /api/v1/dynamic/:id/scans/export", needs: "viewer", key: "too", success: 200, target: makeCode },
  {
    route: "GET /api/v1/dynamic/:id/analytics/live",
    needs: "viewer",
    key: "too",
    success: 200,
    target: makeCode,
    query: "limit=1",
  },
  { route: "GET /api/v1/analytics/live", needs: "viewer", key: "too", success: 200, query: "limit=1" },
  { route: "GET /api/v1/analytics", needs: "viewer", key: "too", success: 200 },
  { route: "GET /api/v1/scans", needs: "viewer", key: "too", success: 200 },
  { route: "GET /api/v1/scans/export", needs: "viewer", key: "too", success: 200 },
  { route: "GET /api/v1/calls", needs: "viewer", key: "too", success: 200 },
  { route: "GET /api/v1/usage", needs: "viewer", key: "alone", success: 200, takesNothing: true },
  { route: "GET /api/v1/usage/me", needs: "viewer", success: 200, takesNothing: true },
  { route: "GET /problems", needs: null, success: 200, takesNothing: true },
  { route: "GET /problems/:id", needs: null, success: 200, takesNothing: true },
  // Of the worlds of these tests, owners are operators.
  { route: "GET /api/v1/operator/queues", needs: "owner", success: 200 },
];

/** The method of a case, and its path with `target` in the place of its ids. */
export function addressOf(
  { route, query }: Pick<RouteCase, "route" | "query">,
  target = "",
): { method: string; path: string } {
  const [method = "", pattern = ""] = route.split(" ");
  const path = pattern.replace(/:id.*:id|:id/, target);
  return { method, path: query === undefined ? path : `${path}?${query}` };
}
