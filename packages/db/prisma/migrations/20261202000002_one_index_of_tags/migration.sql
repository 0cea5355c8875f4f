-- Tags are looked up in any case alone since dynamic_codes_by_tag_in_any_case.
DROP INDEX dynamic_codes_by_tag;
