-- Tags are found in any case. The function is as immutable as lower() itself, which an index needs to be told.
CREATE FUNCTION lower_all(text[]) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
  AS $$ SELECT coalesce(array_agg(lower(tag)), '{}') FROM unnest($1) AS tag $$;
CREATE INDEX dynamic_codes_by_tag_in_any_case ON dynamic_codes USING gin (lower_all(tags));
