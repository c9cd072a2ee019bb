"""The graph in memory: columns, what stands now, and closures cut out of them. No I/O, no framework, no viewer."""

from exchange.memory.closure import Cut, cut, everything
from exchange.memory.columns import Column
from exchange.memory.consumers import consumers
from exchange.memory.layout import NOBODY, Touched
from exchange.memory.present import History, Present
from exchange.memory.rights import Rights, rights
from exchange.memory.tables import Tables

__all__ = [
    "NOBODY",
    "Column",
    "Cut",
    "History",
    "Present",
    "Rights",
    "Tables",
    "Touched",
    "consumers",
    "cut",
    "everything",
    "rights",
]
