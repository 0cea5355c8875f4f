// Operations on accounts: sign-up, sessions, passwords, and proofs that an address is somebody's.
import { noFields } from "@qrfactory/domain/http/validate";
import { z } from "zod";
import { membership, session, tokens, workspace } from "../answers/accounts.js";
import { location } from "../answers/shared.js";
import {
  emailField,
  guessedEmail,
  guessedPassword,
  passwordField,
  tokenField,
  workspaceNameField,
} from "../input/account-fields.js";
import { operationsOf } from "../operation.js";

const workspaceId = z.uuid("Use the id of one of your workspaces.");

const logOutBody = z
  .strictObject({
    refresh_token: tokenField.optional().describe("Ends this session."),
    everywhere: z.literal(true).optional().describe("Ends all sessions of who sends the access token."),
  })
  .refine((body) => (body.refresh_token === undefined) !== (body.everywhere === undefined), {
    path: ["refresh_token"],
    message: 'Give the refresh token, or else "everywhere": true.',
  });

const aSession = "A session, and the workspace it is in.";
const mailedToken = tokenField.describe("From the mail.");
const ada = { email: "ada@example.com", password: "correct horse battery" };

/** Operations on accounts, by id. */
export const accountOperations = operationsOf(
  { tag: "Accounts" },
  {
    signUp: {
      method: "POST",
      path: "/api/v1/auth/signup/",
      summary: "Sign up",
      description: "Makes a user and a workspace on the plan free, and mails a token that verifies the address.",
      access: null,
      body: z.strictObject({ email: emailField, password: passwordField, workspace_name: workspaceNameField }),
      answers: { 201: { description: aSession, schema: session, headers: location } },
      problems: ["conflict", "unauthenticated", "rate_limited"],
      example: { body: { ...ada, email: "{new_email}", workspace_name: "Analytical Engines" } },
    },
    logIn: {
      method: "POST",
      path: "/api/v1/auth/login/",
      summary: "Log in",
      description: "An unknown address and a wrong password are answered alike, in text and in time.",
      access: null,
      body: z.strictObject({
        email: guessedEmail,
        password: guessedPassword,
        workspace_id: workspaceId.optional().describe("The workspace to enter; the first one unless given."),
      }),
      answers: { 200: { description: aSession, schema: session } },
      problems: ["unauthenticated", "forbidden", "not_found", "rate_limited"],
      example: { body: { ...ada, email: "{email}" } },
    },
    refreshSession: {
      method: "POST",
      path: "/api/v1/auth/refresh/",
      summary: "Refresh a session",
      description: "A refresh token works once: one that comes again ends its whole session.",
      access: null,
      body: z.strictObject({ refresh_token: tokenField }),
      answers: { 200: { description: "New tokens.", schema: tokens } },
      problems: ["unauthenticated", "rate_limited"],
      example: { body: { refresh_token: "{refresh_token}" } },
    },
    logOut: {
      method: "POST",
      path: "/api/v1/auth/logout/",
      summary: "Log out",
      description: "Here by the refresh token, without an access token; or everywhere by the access token.",
      access: { optional: true },
      body: logOutBody,
      answers: { 204: { description: "Ended, if there was such a session." } },
      example: { body: { refresh_token: "{refresh_token}" } },
    },
    switchWorkspace: {
      method: "POST",
      path: "/api/v1/auth/switch/",
      summary: "Enter another workspace",
      description: "Begins another session; the one that asked goes on.",
      access: {},
      body: z.strictObject({ workspace_id: workspaceId }),
      answers: { 200: { description: aSession, schema: session } },
      problems: ["not_found"],
      example: { body: { workspace_id: "{workspace_id}" } },
    },
    changePassword: {
      method: "POST",
      path: "/api/v1/auth/password/",
      summary: "Change the password",
      description: "All other sessions of the account end.",
      access: {},
      body: z.strictObject({ old_password: guessedPassword, password: passwordField }),
      answers: { 204: { description: "Changed." } },
      example: { body: { old_password: ada.password, password: "another long password" } },
    },
    forgotPassword: {
      method: "POST",
      path: "/api/v1/auth/password/forgot/",
      summary: "Ask for a new password",
      description: "Mails a token that works for an hour. The answer is the same whether there is such an account.",
      access: null,
      body: z.strictObject({ email: guessedEmail }),
      answers: { 202: { description: "Mailed, if there is such an account." } },
      problems: ["rate_limited"],
      example: { body: { email: ada.email } },
    },
    resetPassword: {
      method: "POST",
      path: "/api/v1/auth/password/reset/",
      summary: "Set a new password with a mailed token",
      description: "All sessions of the account end, and its address counts as verified.",
      access: null,
      body: z.strictObject({ token: mailedToken, password: passwordField }),
      answers: { 204: { description: "Set." } },
      problems: ["unauthenticated", "rate_limited"],
      example: { body: { token: "{reset_token}", password: "another long password" } },
    },
    verifyEmail: {
      method: "POST",
      path: "/api/v1/auth/verify/",
      summary: "Verify an address with a mailed token",
      access: null,
      body: z.strictObject({ token: mailedToken }),
      answers: { 204: { description: "Verified." } },
      problems: ["unauthenticated", "rate_limited"],
      example: { body: { token: "{verification_token}" } },
    },
    sendVerification: {
      method: "POST",
      path: "/api/v1/auth/verify/send/",
      summary: "Mail another token that verifies the address",
      description: "It works for a day.",
      access: {},
      body: noFields,
      answers: { 202: { description: "Mailed, unless the address is verified already." } },
      example: { body: {} },
    },
    acceptInvitation: {
      method: "POST",
      path: "/api/v1/auth/invitations/accept/",
      summary: "Accept an invitation",
      access: { optional: true },
      body: z.strictObject({
        token: mailedToken,
        password: guessedPassword
          .optional()
          .describe("Of the account with the invited address, or for a new one; none from who is logged in as it."),
      }),
      answers: { 201: { description: "A session in the workspace.", schema: session, headers: location } },
      problems: ["conflict", "plan_limit"],
      example: { body: { token: "{invitation_token}", password: ada.password } },
    },
    getMe: {
      method: "GET",
      path: "/api/v1/me/",
      summary: "Read who is logged in",
      access: {},
      answers: {
        200: {
          description: "The user, the workspace of the session, and all workspaces of the user.",
          schema: membership.extend({ workspaces: z.array(workspace) }).meta({ id: "Me" }),
        },
      },
      example: {},
    },
  },
);
