"""What one viewer is shown at one head: the session, and how each of its answers is made."""
