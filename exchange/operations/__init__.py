"""What can be done on the exchange: each operation decides who may, reads a snapshot, and hands it to the arithmetic.

Answers are values that hold only what the asking viewer may see; errors are those of `exchange.errors`.
"""
