"""The commands: what each may change, and by whom."""
