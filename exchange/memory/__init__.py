"""The graph in memory: columns, what stands now, and closures cut out of them. No I/O, no framework, no viewer."""

from exchange.memory.adding import add_footprints, add_products, add_releases, bind, bind_names, deprecate
from exchange.memory.admission import consumed, demand
from exchange.memory.closure import Cut, cut, everything
from exchange.memory.columns import Column, room
from exchange.memory.comparables import Comparables, comparables
from exchange.memory.consumers import consumers
from exchange.memory.granting import put_grants, put_memberships
from exchange.memory.kept import Closure, KeptClosure, KeptClosures, may_be_kept
from exchange.memory.layout import NOBODY, Touched
from exchange.memory.loading import add_footprint_columns, add_grant_columns, add_product_columns, names_to_bind
from exchange.memory.packing import Packed, pack, unpack
from exchange.memory.present import History, Present
from exchange.memory.proposed import Proposal
from exchange.memory.rights import Rights, rights
from exchange.memory.tables import Tables
from exchange.memory.whole import NoAnswer, Whole, whole_of

__all__ = [
    "NOBODY",
    "Closure",
    "Column",
    "Comparables",
    "Cut",
    "History",
    "KeptClosure",
    "KeptClosures",
    "NoAnswer",
    "Packed",
    "Present",
    "Proposal",
    "Rights",
    "Tables",
    "Touched",
    "Whole",
    "add_footprint_columns",
    "add_footprints",
    "add_grant_columns",
    "add_product_columns",
    "add_products",
    "add_releases",
    "bind",
    "bind_names",
    "comparables",
    "consumed",
    "consumers",
    "cut",
    "demand",
    "deprecate",
    "everything",
    "may_be_kept",
    "names_to_bind",
    "pack",
    "put_grants",
    "put_memberships",
    "rights",
    "room",
    "unpack",
    "whole_of",
]
