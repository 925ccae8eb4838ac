"""Read a version: pull, select rows, lock and verify."""
