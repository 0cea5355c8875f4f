-- Which rule or variant a scan was led by. Nothing is known of rows of before, whose variants have their index. Summaries
-- stay as they are: those that do not count by these (dimensions 13 and 14) are read as of unknown ones.
ALTER TABLE scans ADD COLUMN rule_id text, ADD COLUMN variant_id text;
