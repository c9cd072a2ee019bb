"""The engine: pure arithmetic from a snapshot of the graph to certified results. No I/O, no framework, no viewer."""

from exchange.rollup.admission import admit, admit_grant
from exchange.rollup.admission_walk import AdmissionWalk
from exchange.rollup.choice import Choice, choose, valid_until_day
from exchange.rollup.closure import CLOSURE_LINES_MAX, CLOSURE_ROWS_MAX, ClosureWalk, Frontier
from exchange.rollup.digest import METHOD_VERSION
from exchange.rollup.drawing import upstream_graph
from exchange.rollup.explain_file import FILE_BYTES_MAX, Called, Explained, ExplainFile, explain_file
from exchange.rollup.explain_reading import read_explain_file
from exchange.rollup.loops import shortest_loop
from exchange.rollup.refusals import Refusal, RefusalCode
from exchange.rollup.roll_up import Solution, roll_up
from exchange.rollup.tree import TREE_DEPTH_MAX, TREE_NODES_MAX, Tree, TreeNode
from exchange.rollup.verifying import Difference, Recount, Verdict, verify
from exchange.rollup.view import Contribution, SolvedView, View, solve_view

__all__ = [
    "CLOSURE_LINES_MAX",
    "CLOSURE_ROWS_MAX",
    "FILE_BYTES_MAX",
    "METHOD_VERSION",
    "TREE_DEPTH_MAX",
    "TREE_NODES_MAX",
    "AdmissionWalk",
    "Called",
    "Choice",
    "ClosureWalk",
    "Contribution",
    "Difference",
    "ExplainFile",
    "Explained",
    "Frontier",
    "Recount",
    "Refusal",
    "RefusalCode",
    "Solution",
    "SolvedView",
    "Tree",
    "TreeNode",
    "Verdict",
    "View",
    "admit",
    "admit_grant",
    "choose",
    "explain_file",
    "read_explain_file",
    "roll_up",
    "shortest_loop",
    "solve_view",
    "upstream_graph",
    "valid_until_day",
    "verify",
]
