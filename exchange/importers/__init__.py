"""Data from outside, published through the operations like anybody's: a model's files, and the demo supply chain.

Every importer can be run again: what is there stays, what is missing is added, and nothing is written twice.
"""
