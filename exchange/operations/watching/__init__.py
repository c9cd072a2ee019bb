"""What is recorded and counted of who reads, asks and tries."""
