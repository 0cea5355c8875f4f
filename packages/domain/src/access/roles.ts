// Roles of members of a workspace; each role may do all that the ones before it may.

/** Roles from the least to the most powerful. */
export const roles = ["viewer", "member", "admin", "owner"] as const;
/** Role of a member in a workspace. */
export type Role = (typeof roles)[number];

/** Whether a role includes another: an admin may do what a member may. */
export function includesRole(held: Role, needed: Role): boolean {
  return roles.indexOf(held) >= roles.indexOf(needed);
}
