"""The graph store."""
