"""`make bench`: parts that run alone, and write docs/benchmarks.json and docs/benchmarks.md."""
