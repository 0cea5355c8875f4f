ALTER TABLE dynamic_codes ADD COLUMN notes text;
