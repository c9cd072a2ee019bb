"""The footprint exchange: product carbon footprints of many owners, rolled up live on one supply-chain graph."""

__version__ = "0.1.0"
