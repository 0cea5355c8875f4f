// The changes that the audit trail knows, as the API and the database name them.

/** Everything that can be done to a workspace and what is in it. */
export const auditActions = [
  "dynamic.created",
  "dynamic.updated",
  "dynamic.deleted",
  "dynamic.restored",
  "dynamic.rolled_back",
  "dynamic.change_scheduled",
  "dynamic.change_cancelled",
  "bulk.ordered",
  "bulk.cancelled",
  "key.created",
  "key.rotated",
  "key.revoked",
  "member.invited",
  "member.joined",
  "member.role_changed",
  "member.removed",
  "member.made_owner",
  "session.started",
  "session.ended",
  "user.password_changed",
  "user.email_verified",
  "user.operator_added",
  "user.operator_removed",
  "workspace.created",
  "workspace.plan_changed",
  "workspace.suspended",
  "workspace.resumed",
  "workspace.lapsed",
  "workspace.renewed",
  "workspace.overage_changed",
  "workspace.retention_changed",
  "workspace.scan_pages_changed",
  "workspace.deleted",
] as const;

/** A change by its name. */
export type AuditAction = (typeof auditActions)[number];
