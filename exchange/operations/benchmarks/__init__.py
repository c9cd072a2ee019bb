"""Benchmark editions: what is counted, published and read."""
