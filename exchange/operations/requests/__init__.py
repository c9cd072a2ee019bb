"""What is asked for, as values, and the checks that need no database."""
