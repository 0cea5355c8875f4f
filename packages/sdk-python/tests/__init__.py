"""Tests of the client, for `python3 -m unittest` with src in PYTHONPATH."""
