"""The engine: pure arithmetic from a snapshot of the graph to certified results. No I/O, no framework, no viewer."""

from exchange.rollup.admission import admit, admit_grant, judge
from exchange.rollup.admission_walk import AdmissionWalk
from exchange.rollup.advice import PrimaryDataAdvice, SpreadAdvice, primary_data_advice, spread_advice
from exchange.rollup.changed_view import Process, Take, process_of
from exchange.rollup.choice import Choice, choose, valid_until_day
from exchange.rollup.closure import CLOSURE_LINES_MAX, CLOSURE_ROWS_MAX, ClosureWalk, Frontier
from exchange.rollup.digest import METHOD_VERSION
from exchange.rollup.downstream import Resting, resting_on
from exchange.rollup.draft import Draft, Part, per_unit
from exchange.rollup.drawing import upstream_graph
from exchange.rollup.elasticities import Elasticity
from exchange.rollup.explain_file import FILE_BYTES_MAX, Called, Explained, ExplainFile, explain_file
from exchange.rollup.explain_reading import read_explain_file
from exchange.rollup.factors import SupplierUnit, ratio, supplier_unit, units_apart
from exchange.rollup.grouping import ContributionGroup, ContributionGrouping, GroupKind, GroupOf
from exchange.rollup.loops import shortest_loop
from exchange.rollup.monte_carlo import (
    WITH_PROGRESS,
    Draws,
    Variables,
    check_run,
    draws_of,
    monte_carlo,
    parts,
    variables_of,
)
from exchange.rollup.own_terms import EXACT
from exchange.rollup.paths import PathStep, SupplyPath, TopPaths
from exchange.rollup.refusals import Refusal, RefusalCode
from exchange.rollup.roll_up import Solution, roll_up
from exchange.rollup.tree import TREE_DEPTH_MAX, TREE_NODES_MAX, Tree, TreeNode
from exchange.rollup.uncertainty import interval_of
from exchange.rollup.verifying import Difference, Recount, Verdict, verify
from exchange.rollup.view import Contribution, SolvedView, View, solve_view
from exchange.rollup.view_parameters import large_spread
from exchange.rollup.what_if import ContributionChange, Figures, NoAnswer, Outcome, what_if

__all__ = [
    "CLOSURE_LINES_MAX",
    "CLOSURE_ROWS_MAX",
    "EXACT",
    "FILE_BYTES_MAX",
    "METHOD_VERSION",
    "TREE_DEPTH_MAX",
    "TREE_NODES_MAX",
    "WITH_PROGRESS",
    "AdmissionWalk",
    "Called",
    "Choice",
    "ClosureWalk",
    "Contribution",
    "ContributionChange",
    "ContributionGroup",
    "ContributionGrouping",
    "Difference",
    "Draft",
    "Draws",
    "Elasticity",
    "ExplainFile",
    "Explained",
    "Figures",
    "Frontier",
    "GroupKind",
    "GroupOf",
    "NoAnswer",
    "Outcome",
    "Part",
    "PathStep",
    "PrimaryDataAdvice",
    "Process",
    "Recount",
    "Refusal",
    "RefusalCode",
    "Resting",
    "Solution",
    "SolvedView",
    "SpreadAdvice",
    "SupplierUnit",
    "SupplyPath",
    "Take",
    "TopPaths",
    "Tree",
    "TreeNode",
    "Variables",
    "Verdict",
    "View",
    "admit",
    "admit_grant",
    "check_run",
    "choose",
    "draws_of",
    "explain_file",
    "interval_of",
    "judge",
    "large_spread",
    "monte_carlo",
    "parts",
    "per_unit",
    "primary_data_advice",
    "process_of",
    "ratio",
    "read_explain_file",
    "resting_on",
    "roll_up",
    "shortest_loop",
    "solve_view",
    "spread_advice",
    "supplier_unit",
    "units_apart",
    "upstream_graph",
    "valid_until_day",
    "variables_of",
    "verify",
    "what_if",
]
