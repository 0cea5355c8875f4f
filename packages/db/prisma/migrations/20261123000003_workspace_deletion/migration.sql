-- What each column means is written in ../../schema.prisma.

ALTER TABLE workspaces ADD COLUMN deleted_at timestamptz(3);
