"""The queue that every write goes through, and what is decided in it: admission, refusals, once only."""
