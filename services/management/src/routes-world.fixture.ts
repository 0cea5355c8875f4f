// Worlds in which every route is tried: what is there before a request, made as an owner would make it.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Example } from "@qrfactory/api/operation";
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

/** A request with which a route succeeds, and what its declaration does not say. */
export type RouteCase = {
  /** Makes what the request is about, as the owner, and returns its id. */
  target?: (world: World) => Promise<string>;
  /** A body or query with which it succeeds. */
  body?: (world: World, target: string) => object | Promise<object>;
  query?: string;
  /** The least role that may, where the handler decides by what it finds. */
  needs?: Role;
  /** The status of this request, where others that are declared are lower. */
  success?: number;
  /** It changes its caller or the whole workspace, so it needs a world of its own to succeed in. */
  ends?: true;
  /** Guesses or sign-ups without a caller, counted for their network. */
  throttled?: true;
};

/** The same with what the declaration says. */
export type TriedRoute = Omit<RouteCase, "needs" | "success"> & {
  /** `POST /api/v1/keys/:id/rotate`; `:id` is what `target` makes. */
  route: string;
  /** The least role that may; null where no caller is asked for. */
  needs: Role | null;
  /** Whether an API key may, too, or alone. */
  key?: "too" | "alone";
  success: number;
  example: Example;
  /** The request cannot be wrong but in its address. */
  takesNothing: boolean;
};

/** Of every code. */
export const destination_url = "https://example.com/";
/** A body that creates a code. */
export const code = { name: "Menu", destination_url };
/** Not yet anybody's. */
export const newPassword = "a password that is new";

/** Makes a code and returns its short id. */
export const makeCode = async ({ as }: World, fields: object = {}): Promise<string> =>
  (await as.owner("POST", "/api/v1/dynamic", { body: { ...code, ...fields } })).body.short_id;
/** Makes a key and returns its id. */
export const makeKey = async ({ as }: World): Promise<string> =>
  (await as.owner("POST", "/api/v1/keys", { body: { name: "Shop" } })).body.id;
let guests = 0;
/** An address that nobody has. */
export const newGuest = () => `guest-${guests++}@example.com`;
/** Invites a guest and returns the id of the invitation. */
export const invite = async ({ as }: World): Promise<string> =>
  (await as.owner("POST", "/api/v1/members", { body: { email: newGuest(), role: "viewer" } })).body.id;
/** Invites a guest and returns the token that was mailed. */
export const inviteAndRead = async (world: World): Promise<string> => {
  const email = newGuest();
  await world.as.owner("POST", "/api/v1/members", { body: { email, role: "viewer" } });
  return world.api.mailedToken(email, "invited");
};
/** Makes a code, deletes it and returns its short id. */
export const deleteCode = async (world: World): Promise<string> => {
  const shortId = await makeCode(world);
  await world.as.owner("DELETE", `/api/v1/dynamic/${shortId}`);
  return shortId;
};
/** Logs the viewer in. */
export const logIn = async ({ api, emails, password }: World) =>
  (await api.send("POST", "/api/v1/auth/login", { body: { email: emails.viewer, password } })).body;
/** Makes a code with a change for later and returns the path of that below the codes. */
export const scheduleChange = async (world: World): Promise<string> => {
  const shortId = await makeCode(world);
  const body = { name: "Later", effective_at: new Date(Date.now() + 3_600_000).toISOString() };
  const { body: change } = await world.as.owner("PATCH", `/api/v1/dynamic/${shortId}`, { body });
  return `${shortId}/scheduled/${change.id}`;
};

/** Places an order and returns its id. */
export const order = async ({ as }: World): Promise<string> =>
  (await as.owner("POST", "/api/v1/generate/bulk", { body: { items: [{ data: "https://example.com/" }] } })).body.id;
/** An order that is cancelled. */
export const cancelledOrder = async (world: World): Promise<string> => {
  const id = await order(world);
  await world.as.owner("DELETE", `/api/v1/bulk/${id}`);
  return id;
};
/** An order as a worker leaves it. */
export const finishedOrder = async (world: World): Promise<string> => {
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
