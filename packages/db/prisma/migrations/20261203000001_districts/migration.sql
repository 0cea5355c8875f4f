-- The district of a scan beside its city. Rows of before, which are null here, may have both in the city, and so may the keys
-- of their summaries (dimension 3, without a dimension 15): they are read apart, as packages/db/src/city-names.ts has it.
ALTER TABLE scans ADD COLUMN district text;
