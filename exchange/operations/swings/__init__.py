"""Publications that swing numbers by orders of magnitude: found, and told to those whom it concerns."""
