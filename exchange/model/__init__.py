"""What the exchange talks about: frozen values without I/O, one concept a file."""
