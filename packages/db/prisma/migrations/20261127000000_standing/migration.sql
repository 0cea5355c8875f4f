-- What each column means is written in ../../schema.prisma.

ALTER TABLE workspaces
  ADD COLUMN suspended_at        timestamptz(3),
  ADD COLUMN lapsed_at           timestamptz(3),
  ADD COLUMN over_limit_at       timestamptz(3),
  ADD COLUMN overage_enabled     boolean NOT NULL DEFAULT false,
  ADD COLUMN overage_renders_max integer,
  ADD COLUMN retention_months    integer;
