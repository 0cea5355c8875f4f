-- Signed addresses of images name their key by its prefix.
CREATE INDEX api_keys_key_prefix_idx ON api_keys (key_prefix);
