// Operations on the members of a workspace and on invitations.
import { roles } from "@qrfactory/domain/access/roles";
import { noFields, pageQuery } from "@qrfactory/domain/http/validate";
import { z } from "zod";
import { listOfRows, location, moment } from "../answers/shared.js";
import { emailField } from "../input/account-fields.js";
import { operationsOf } from "../operation.js";

const member = z
  .strictObject({
    id: z.uuid().describe("Of the membership."),
    user_id: z.uuid().nullable().describe("Null until the invitation is accepted."),
    email: z.string(),
    role: z.enum(roles),
    status: z.enum(["invited", "active"]),
    created_at: moment,
    expires_at: moment.nullable().describe("Until when an invitation can be accepted; null for a member."),
  })
  .meta({ id: "Member" });

const role = z.enum(roles, `Use one of: ${roles.join(", ")}.`);

/** Operations on members, by id. */
export const memberOperations = operationsOf(
  { tag: "Members" },
  {
    listMembers: {
      method: "GET",
      path: "/api/v1/members/",
      summary: "List members and invitations",
      access: {},
      query: pageQuery,
      answers: { 200: { description: "A page of members.", schema: listOfRows(member) } },
      example: {},
    },
    inviteMember: {
      method: "POST",
      path: "/api/v1/members/",
      summary: "Invite somebody",
      description: "Mails a token that works for seven days. An invitation takes a seat of the plan.",
      access: { role: "admin" },
      headers: ["Idempotency-Key"],
      body: z.strictObject({ email: emailField, role }),
      answers: { 201: { description: "The invitation.", schema: member, headers: location } },
      problems: ["plan_limit", "conflict"],
      example: { body: { email: "{new_email}", role: "member" } },
    },
    changeMemberRole: {
      method: "PATCH",
      path: "/api/v1/members/{id}/",
      summary: "Change the role of a member",
      description: "Nobody gives or takes a role above their own.",
      access: { role: "admin" },
      body: z.strictObject({ role }),
      answers: { 200: { description: "The member.", schema: member } },
      problems: ["plan_limit", "conflict"],
      example: { body: { role: "admin" } },
    },
    removeMember: {
      method: "DELETE",
      path: "/api/v1/members/{id}/",
      summary: "Remove a member or an invitation",
      description: "Admins remove others; anybody may leave, but the last owner.",
      access: {},
      answers: { 204: { description: "Removed." } },
      problems: ["conflict"],
      example: {},
    },
    transferOwnership: {
      method: "POST",
      path: "/api/v1/members/{id}/transfer/",
      summary: "Make a member the owner",
      description: "The owner who hands over is an admin from then on.",
      access: { role: "owner" },
      body: noFields,
      answers: { 200: { description: "The new owner.", schema: member } },
      problems: ["plan_limit", "conflict"],
      example: { body: {} },
    },
  },
);
