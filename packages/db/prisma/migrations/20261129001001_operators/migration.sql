-- Who runs the product: such people see what belongs to no workspace.
ALTER TABLE "users" ADD COLUMN "is_operator" BOOLEAN NOT NULL DEFAULT false;
