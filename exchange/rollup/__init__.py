"""The engine: pure arithmetic from a snapshot of the graph to certified results. No I/O, no framework, no viewer."""

from exchange.rollup.choice import Choice, choose, valid_until_day
from exchange.rollup.closure import CLOSURE_LINES_MAX, CLOSURE_ROWS_MAX, ClosureWalk, Frontier
from exchange.rollup.loops import shortest_loop
from exchange.rollup.refusals import Refusal, RefusalCode
from exchange.rollup.roll_up import Solution, roll_up

__all__ = [
    "CLOSURE_LINES_MAX",
    "CLOSURE_ROWS_MAX",
    "Choice",
    "ClosureWalk",
    "Frontier",
    "Refusal",
    "RefusalCode",
    "Solution",
    "choose",
    "roll_up",
    "shortest_loop",
    "valid_until_day",
]
