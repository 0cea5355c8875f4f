ALTER TABLE dynamic_codes
  ADD COLUMN forward_query boolean NOT NULL DEFAULT false,
  ADD COLUMN utm jsonb,
  ADD COLUMN app_links jsonb;
