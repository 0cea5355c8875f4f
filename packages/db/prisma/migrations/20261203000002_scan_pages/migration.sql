-- What pages at the end of a workspace's codes say of their owner. A table of its own: older processes do not look at it.
CREATE TABLE scan_pages (
  workspace_id      uuid PRIMARY KEY REFERENCES workspaces (id),
  name              text,
  contact           text,
  version           integer NOT NULL DEFAULT 1,
  published_version integer NOT NULL DEFAULT 0
);
-- The publisher looks for these every second; the index holds only what is to be published.
CREATE INDEX scan_pages_unpublished_idx ON scan_pages (workspace_id) WHERE published_version < version;
