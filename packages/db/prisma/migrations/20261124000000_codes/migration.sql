-- A module that comes with PostgreSQL and needs no superuser (trusted since 13).
CREATE EXTENSION IF NOT EXISTS pg_trgm;

ALTER TABLE dynamic_codes ADD COLUMN folder text;
ALTER TABLE dynamic_code_changes ADD COLUMN fields jsonb NOT NULL DEFAULT '{}';

-- Lists walk these in either direction. None is on scan_count or last_scanned_at: counting must not touch an index.
DROP INDEX dynamic_codes_workspace_id_created_at_id_idx;
CREATE INDEX dynamic_codes_by_creation ON dynamic_codes (workspace_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX dynamic_codes_by_update ON dynamic_codes (workspace_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX dynamic_codes_by_name ON dynamic_codes (workspace_id, name, id) WHERE deleted_at IS NULL;

-- Filters that may leave few of many.
CREATE INDEX dynamic_codes_by_state ON dynamic_codes (workspace_id, is_active) WHERE deleted_at IS NULL;
CREATE INDEX dynamic_codes_by_folder ON dynamic_codes (workspace_id, folder)
  WHERE folder IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX dynamic_codes_by_tag ON dynamic_codes USING gin (tags);
CREATE INDEX dynamic_codes_by_text ON dynamic_codes
  USING gin ((name || E'\n' || short_id || E'\n' || destination_url) gin_trgm_ops);

CREATE INDEX dynamic_codes_deleted ON dynamic_codes (workspace_id, deleted_at) WHERE deleted_at IS NOT NULL;
