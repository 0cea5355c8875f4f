-- The ledger is shown by key, too: without this a key that is seldom used costs a walk through everybody's months.
CREATE INDEX calls_key_id_called_at_idx ON calls (key_id, called_at);
