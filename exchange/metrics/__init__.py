"""Figures about a running server, in the format that Prometheus reads."""

from exchange.metrics.prometheus import CONTENT_TYPE, GraphState, Metrics

__all__ = ["CONTENT_TYPE", "GraphState", "Metrics"]
