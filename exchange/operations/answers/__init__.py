"""What is told, as values that hold no more than their viewer may see, and who may be told."""
