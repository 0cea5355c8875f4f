// Sound requests of every creating route, for a code that exists: what mutations.ts makes odd.
import { soundCodes } from "./sound-codes.js";
import { soundImages } from "./sound-images.js";
import type { Sound } from "./sound-request.js";

/** Sound bodies of each route; of several one is taken. */
export const soundRequests = (shortId: string): Sound[][] => [
  [
    {
      route: "keys",
      as: "asUser",
      makes: "keys",
      body: { name: "x", scopes: ["render", "bulk"], expires_at: "2030-01-01T00:00:00Z" },
    },
  ],
  ...soundCodes(shortId),
  ...soundImages,
  [{ route: "members", as: "asUser", makes: "members", body: { email: "someone@example.com", role: "viewer" } }],
  [
    { route: "auth/login", as: "nobody", makes: "none", body: { email: "a@example.com", password: "correct horse" } },
    { route: "auth/refresh", as: "nobody", makes: "none", body: { refresh_token: "srt_x" } },
    { route: "workspaces", as: "asUser", makes: "workspaces", body: { name: "x" } },
  ],
];
