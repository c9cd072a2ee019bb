"""The store: the only room that knows Cypher and the driver."""

from exchange.graph.connect import Target, is_begun, parse_target, uri_problem
from exchange.graph.description import StoreDescription
from exchange.graph.ledger import HeadMoved
from exchange.graph.store import Store

__all__ = ["HeadMoved", "Store", "StoreDescription", "Target", "is_begun", "parse_target", "uri_problem"]
