"""Named cases that measure and assert nothing; `python -m benchmarks [CASE …]`."""
