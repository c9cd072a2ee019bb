"""The engine: pure arithmetic from a snapshot of the graph to certified results. No I/O, no framework, no viewer."""

from exchange.rollup.admission import admit, admit_grant
from exchange.rollup.admission_walk import AdmissionWalk
from exchange.rollup.advice import PrimaryDataAdvice, SpreadAdvice, primary_data_advice, spread_advice
from exchange.rollup.choice import Choice, choose, valid_until_day
from exchange.rollup.closure import CLOSURE_LINES_MAX, CLOSURE_ROWS_MAX, ClosureWalk, Frontier
from exchange.rollup.digest import METHOD_VERSION
from exchange.rollup.drawing import upstream_graph
from exchange.rollup.loops import shortest_loop
from exchange.rollup.monte_carlo import Draws, monte_carlo
from exchange.rollup.refusals import Refusal, RefusalCode
from exchange.rollup.roll_up import Solution, roll_up
from exchange.rollup.tree import TREE_DEPTH_MAX, TREE_NODES_MAX, Tree, TreeNode
from exchange.rollup.uncertainty import interval_of
from exchange.rollup.view import Contribution, SolvedView, View, solve_view

__all__ = [
    "CLOSURE_LINES_MAX",
    "CLOSURE_ROWS_MAX",
    "METHOD_VERSION",
    "TREE_DEPTH_MAX",
    "TREE_NODES_MAX",
    "AdmissionWalk",
    "Choice",
    "ClosureWalk",
    "Contribution",
    "Draws",
    "Frontier",
    "PrimaryDataAdvice",
    "Refusal",
    "RefusalCode",
    "Solution",
    "SolvedView",
    "SpreadAdvice",
    "Tree",
    "TreeNode",
    "View",
    "admit",
    "admit_grant",
    "choose",
    "interval_of",
    "monte_carlo",
    "primary_data_advice",
    "roll_up",
    "shortest_loop",
    "solve_view",
    "spread_advice",
    "upstream_graph",
    "valid_until_day",
]
