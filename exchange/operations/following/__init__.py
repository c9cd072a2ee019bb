"""The graph that a server keeps in memory by following the ledger, and what else it knows at a head."""
