"""The limits in docs/api.md, with the numbers that the code has: `python -m tests.docs.reference` writes them anew.

Owns what is said of each limit that somebody who asks can meet (LIMITS), and which of the code's limits nobody meets,
with the reason (UNSEEN). A limit that stands in neither is found by a test.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exchange.config import Settings
from tests.docs.documents import ROOT

# Where a request passes; what the other folders bound is the database's, the operator's or a file's.
PASSED = (
    "access",
    "model",
    "operations",
    "rollup/closure.py",
    "rollup/monte_carlo.py",
    "rollup/refusals.py",
    "rollup/view_parameters.py",
    "schema",
    "tokens",
    "web",
)
NAME = re.compile(r"[A-Z][A-Z_]*_MAX(_S)?\Z")
HEADER = "| limit | at most | beyond it |"


@dataclass(frozen=True, slots=True)
class Limit:
    """`most` has a place for each of the constants, which are named by module (below `exchange`) and name."""

    what: str
    most: str
    beyond: str
    constants: tuple[str, ...]

    def row(self) -> str:
        return f"| {self.what} | {self.most.format(*map(value_of, self.constants))} | {self.beyond} |"


def limit(what: str, most: str, beyond: str, *constants: str) -> Limit:
    return Limit(what, most, beyond, constants)


TOO_LARGE, INVALID = "`QUERY_TOO_LARGE`", "`INVALID_INPUT`"
TOO_LONG, TOO_MANY = "`INVALID_INPUT`, problem `TOO_LONG`", "`INVALID_INPUT`, problem `TOO_MANY`"

LIMITS: dict[str, tuple[Limit, ...]] = {
    "A query": (
        limit("characters of its text", "{:,}", TOO_LARGE, "schema.limits.SOURCE_LENGTH_MAX"),
        limit("tokens: names, values, punctuation", "{:,}", TOO_LARGE, "schema.limits.LEXICAL_TOKENS_MAX"),
        limit("comments", "{:,}", TOO_LARGE, "schema.limits.COMMENTS_MAX"),
        limit("levels of fields", "{:,}", TOO_LARGE, "schema.limits.DEPTH_MAX"),
        limit(
            "lists of fields, interfaces or types one in another, of an introspection",
            "{:,}",
            TOO_LARGE,
            "schema.validation.INTROSPECTED_LISTS_MAX",
        ),
        limit("fields, fragments unfolded", "{:,}", TOO_LARGE, "schema.limits.FIELDS_MAX"),
        limit("one response name in one selection", "{:,} times", TOO_LARGE, "schema.limits.REPEATS_MAX"),
        limit(
            "fields of the answer: reckoned from the pages asked for, then counted",
            "about {:,}",
            TOO_LARGE,
            "schema.limits.COST_MAX",
        ),
        limit(
            "mistakes that one answer names", "{:,}", "the rest is not named", "schema.documents.VALIDATION_ERRORS_MAX"
        ),
        limit(
            "different pairs of `asOf` and `knownAt` in one request",
            "{:,}",
            INVALID,
            "operations.reading.session.DATES_MAX",
        ),
        limit(
            "items on one page of a list",
            "{:,}; {:,} without `first` and `last`",
            INVALID,
            "model.paging.PAGE_SIZE_MAX",
            "model.paging.PAGE_SIZE_DEFAULT",
        ),
        limit("`ids` of `nodes`", "{:,}", INVALID, "schema.query.NODES_MAX"),
        limit(
            "roll-ups computed at once in one server",
            "{:,}; {:,} of one caller",
            "the others wait, callers in turn",
            "operations.turns.TURNS_MAX",
            "operations.turns.TURNS_OF_ONE_MAX",
        ),
        limit(
            "requests of one caller that wait to be computed",
            "{:,}",
            "`TOO_MANY_REQUESTS`",
            "operations.turns.WAITING_OF_ONE_MAX",
        ),
        limit(
            "`first` of `contributions`",
            "{:,}; {:,} without it",
            INVALID,
            "schema.roll_ups.CONTRIBUTIONS_MAX",
            "schema.roll_ups.CONTRIBUTIONS_DEFAULT",
        ),
        limit(
            "`first` of `contributionsBy`",
            "{:,}; {:,} without it",
            INVALID,
            "schema.explanation.GROUPS_MAX",
            "schema.explanation.GROUPS_DEFAULT",
        ),
        limit(
            "`first` of `elasticities`",
            "{:,}; {:,} without it",
            INVALID,
            "rollup.elasticities.ELASTICITIES_MAX",
            "schema.explanation.ELASTICITIES_DEFAULT",
        ),
        limit(
            "`first` of `topPaths`",
            "{:,}; {:,} without it",
            INVALID,
            "rollup.paths.PATHS_MAX",
            "schema.explanation.PATHS_DEFAULT",
        ),
        limit(
            "places that a search for `topPaths` looks at, and lines of one path",
            "{:,}; {:,}",
            "`complete` is false",
            "rollup.paths.PATH_NODES_MAX",
            "rollup.paths.PATH_LINES_MAX",
        ),
        limit(
            "tiers that are told apart by `contributionsBy`",
            "{:,}",
            "what is further away is one group",
            "rollup.grouping.TIERS_MAX",
        ),
        limit(
            "products looked at for one `downstream`",
            "{:,}",
            INVALID,
            "operations.reading.downstream.DOWNSTREAM_PRODUCTS_MAX",
        ),
        limit(
            "`depth` of `tree`",
            "{:,}; {:,} without it",
            INVALID,
            "schema.roll_ups.TREE_DEPTH_MAX",
            "schema.roll_ups.TREE_DEPTH_DEFAULT",
        ),
        limit(
            "`maxNodes` of `tree`",
            "{:,}; {:,} without it",
            INVALID,
            "schema.roll_ups.TREE_NODES_MAX",
            "schema.roll_ups.TREE_NODES_DEFAULT",
        ),
        limit(
            "scenarios of `whatIf` in one request",
            "{:,}",
            "`ScenariosInvalid`, problem `TOO_MANY`",
            "operations.reading.what_if.SCENARIOS_MAX",
        ),
        limit(
            "changes of one scenario",
            "{:,}",
            "`ScenariosInvalid`, problem `TOO_MANY`",
            "operations.reading.what_if.CHANGES_MAX",
        ),
        limit(
            "scenarios of one organization on one product of another's in a day (UTC), of each server",
            "{:,}",
            "`TOO_MANY_REQUESTS`, and told to the owner",
            "operations.watching.probing.FOREIGN_SCENARIOS_PER_DAY_MAX",
        ),
        limit(
            "[extreme publications](permissions.md#extreme-publications), counted from the third swing on, of one "
            "organization on one product of another's in a day (UTC), of each server",
            "{:,}",
            "`TOO_MANY_REQUESTS`, and told to the owner",
            "operations.swings.judging.SWINGS_PER_DAY_MAX",
        ),
        limit(
            "the same of own emissions, on each own product, whether anybody takes it or not",
            "{:,}",
            "`TOO_MANY_REQUESTS`",
            "operations.swings.judging.SWINGS_PER_DAY_MAX",
        ),
        limit(
            "products and lines of the explain files in one answer",
            "{:,}",
            INVALID,
            "schema.explain_files.EXPLAINED_PARTS_MAX",
        ),
        limit(
            "`samples` of the field `monteCarlo`",
            "{:,} to {:,}; {:,} without it",
            INVALID,
            "rollup.monte_carlo.SAMPLES_MIN",
            "rollup.monte_carlo.SAMPLES_MAX",
            "schema.uncertainty.SAMPLES_DEFAULT",
        ),
        limit(
            "`samples` of the subscription `monteCarlo`",
            "100 to {:,}; {:,} without it",
            INVALID,
            "rollup.monte_carlo.RUN_SAMPLES_MAX",
            "schema.subscription.RUN_SAMPLES_DEFAULT",
        ),
        limit(
            "runs of the subscription `monteCarlo` under way in one server",
            "{:,} of one caller, {:,} of all",
            "`TOO_MANY_REQUESTS`",
            "operations.reading.sampling.RUNS_OF_ONE_MAX",
            "operations.reading.sampling.RUNS_MAX",
        ),
        limit("`seed` of `monteCarlo`", "{:,}", INVALID, "rollup.monte_carlo.SEED_MAX"),
        limit(
            "products and lines of the view, times `samples`",
            "{:,}; {:,} with progress",
            INVALID,
            "rollup.monte_carlo.NUMBERS_MAX",
            "rollup.monte_carlo.RUN_NUMBERS_MAX",
        ),
        limit(
            "products of the view that are not broken down, for `monteCarlo` and `uncertaintyAdvice`",
            "{:,}",
            INVALID,
            "rollup.view_parameters.CLOSED_MAX",
        ),
        limit(
            "`first` of `primaryDataAdvice` and `uncertaintyAdvice`",
            "{:,}; {:,} without it",
            INVALID,
            "schema.uncertainty.ADVICE_MAX",
            "schema.uncertainty.ADVICE_DEFAULT",
        ),
        limit(
            "what a product's result is computed from",
            "{:,} products, {:,} lines",
            "`RollUpRefused` with `TOO_LARGE`",
            "rollup.closure.CLOSURE_ROWS_MAX",
            "rollup.closure.CLOSURE_LINES_MAX",
        ),
    ),
    "An input": (
        limit("digits of a decimal", "{:,}", INVALID, "schema.scalars.DECIMAL_DIGITS_MAX"),
        limit("characters of a URN", "{:,}", INVALID, "model.urns.URN_LENGTH_MAX"),
        limit(
            "characters of a name, a label, an entry of a list",
            "{:,}",
            TOO_LONG,
            "operations.requests.checks.NAME_LENGTH_MAX",
        ),
        limit("characters of other text", "{:,}", TOO_LONG, "operations.requests.checks.TEXT_LENGTH_MAX"),
        limit(
            "identifiers, classifications, standards",
            "{:,} each",
            TOO_MANY,
            "operations.requests.checks.LIST_LENGTH_MAX",
        ),
        limit(
            "years of dates and prices",
            "{} to {}",
            "`INVALID_INPUT`, problem `OUT_OF_RANGE`",
            "operations.requests.checks.YEAR_MIN",
            "operations.requests.checks.YEAR_MAX",
        ),
        limit(
            "basic uncertainty of pedigree scores",
            "{} as a variance, {} as a GSD",
            "`INVALID_INPUT`, problem `OUT_OF_RANGE`",
            "model.pedigree.BASIC_VARIANCE_MAX",
            "model.pedigree.BASIC_DEVIATION_MAX",
        ),
        limit("lines of one footprint", "{:,}", TOO_MANY, "operations.requests.line_checks.LINES_MAX"),
        limit(
            "footprints in one `publishFootprints`", "{:,}", TOO_MANY, "operations.changing.publishing.FOOTPRINTS_MAX"
        ),
        limit("lines in one `publishFootprints`", "{:,}", TOO_MANY, "operations.changing.publishing.LINES_TOTAL_MAX"),
        limit(
            "loops refused for one product in a day (UTC)",
            "{:,}",
            "`TOO_MANY_REQUESTS`",
            "operations.writing.refusals.REFUSALS_PER_DAY_MAX",
        ),
        limit(
            "members of an alliance, with open invitations",
            "{:,}",
            "`CONFLICT`",
            "operations.changing.alliances.ALLIANCE_MEMBERS_MAX",
        ),
        limit("members of an organization", "{:,}", "`CONFLICT`", "operations.changing.members.MEMBERS_MAX"),
        limit(
            "members that an organization ever had, removed ones included",
            "{:,}",
            "`CONFLICT`",
            "operations.changing.members.MEMBERS_EVER_MAX",
        ),
        limit(
            "products that `grantPreview` looks into for suppliers",
            "{:,}",
            "a warning says so",
            "operations.changing.grant_preview.PREVIEW_PRODUCTS_MAX",
        ),
        limit(
            "attempts that `refusedLoops` of a product lists",
            "{:,}",
            "older ones are not listed",
            "operations.reading.session.REFUSED_LOOPS_LISTED_MAX",
        ),
        limit(
            "members of a refused loop that are named, and whose owners see the attempt",
            "{:,}",
            "those farther upstream are not",
            "rollup.admission.MEMBERS_MAX",
        ),
        limit("writes that wait in one server", "{:,}", "`STORE_UNAVAILABLE`", "operations.writing.queue.WAITING_MAX"),
    ),
    "A connection": (
        limit("body of `POST /graphql`", "{:mib}", "HTTP 413, `REQUEST_TOO_LARGE`", "schema.http.BODY_BYTES_MAX"),
        limit(
            "the same, and a WebSocket message, of whoever has not signed in",
            "{:,} bytes",
            "HTTP 413, `REQUEST_TOO_LARGE`; the socket is closed with 1009",
            "schema.transport.ANONYMOUS_SIZE_MAX",
        ),
        limit(
            "levels of a request's JSON",
            "{:,}",
            "`INVALID_INPUT`; WebSocket: closed with 4400",
            "schema.transport.JSON_DEPTH_MAX",
        ),
        limit(
            "characters of a WebSocket message",
            "{:,}",
            "closed with 1009",
            "schema.websocket.MESSAGE_CHARACTERS_MAX",
        ),
        limit("operations at once on a WebSocket", "{:,}", "closed with 4400", "schema.websocket.OPERATIONS_MAX"),
        limit(
            "time until a WebSocket's `connection_init`",
            "{:,} seconds",
            "closed with 4408",
            "schema.websocket.INIT_SECONDS_MAX",
        ),
        limit(
            "time until `/readyz` answers",
            "{:,} seconds",
            "HTTP 503, `STORE_UNAVAILABLE`",
            "web.health.READY_SECONDS_MAX",
        ),
    ),
    "A token": (
        limit("how long it is good for", "{:,} minutes", "HTTP 401, `NOT_SIGNED_IN`", "config.token_minutes"),
        limit(
            "body of `POST /auth/token`",
            "{:,} bytes",
            "HTTP 413, `invalid_request`",
            "web.token_endpoint.BODY_BYTES_MAX",
        ),
        limit(
            "failed attempts within a minute",
            "{:,} for one client, {:,} from one address",
            "HTTP 429 with Retry-After",
            "tokens.attempts.FAILURES_PER_CLIENT_MAX",
            "tokens.attempts.FAILURES_PER_ADDRESS_MAX",
        ),
        limit(
            "attempts that wait in one server", "{:,}", "HTTP 429 with Retry-After", "tokens.issuer.HASHES_WAITING_MAX"
        ),
    ),
}

UNSEEN = {
    "model.pedigree.DERIVED_KEPT_MAX": "the memory of what followed from scores",
    "model.audit_file.LINE_CHARACTERS_MAX": "how much of a line is looked at in a file that somebody else made",
    "model.audit_file.PROBLEMS_MAX": "how many breaks of a file are told",
    "operations.watching.audit.ENTRIES_AT_ONCE_MAX": "how many entries share a transaction",
    "operations.following.known.PRODUCTS_KNOWN_MAX": "the memory of products that were read",
    "operations.following.known.RIGHTS_KNOWN_MAX": "the memory of what organizations were granted",
    "operations.watching.audit.KEPT_MAX": "the memory of what was recorded today",
    "operations.swings.published_today.LINES_KEPT_MAX": "the memory of what was published today",
    "operations.swings.judging.PAIRS_COUNTED_MAX": "the memory of who swung what today",
    "operations.swings.own_chains.OWN_PRODUCTS_MAX": "how many own products are looked through for those concerned",
    "operations.swings.own_chains.SUPPLIERS_MAX": "how many suppliers' products a swing counts for",
    "operations.swings.own_chains.CUSTOMERS_MAX": "how many products of others are looked at for those concerned",
    "operations.swings.own_chains.CUSTOMERS_TOLD_MAX": "how many of them are told of one publication",
    "operations.swings.customers_told.WAITING_MAX": "how many publications wait for their customers to be told",
    "operations.swings.customers_told.CLOSING_SECONDS_MAX": "how long a server that ends waits for that",
    "operations.following.known_clients.KNOWN_MAX": "the memory of clients whose tokens still hold",
    "operations.benchmarks.publishing.TRIES_MAX": "attempts, while members leave or revoke",
    "operations.watching.probing.PAIRS_COUNTED_MAX": "the memory of who asked about what today",
    "operations.following.follower.ADMISSION_CHANGES_MAX": "how far a server follows the ledger while writes wait",
    "rollup.monte_carlo.SWEEPS_MAX": "how close a loop may come to taking all of itself before a sample is left out",
    "operations.following.follower.CLOSING_SECONDS_MAX": "how long a server that ends waits for the database",
    "operations.following.kept_graph.CHANGES_MAX": "how far a server follows the ledger before it loads again",
    "operations.reading.sampling.BEGUN_MAX": "attempts, while what is shown changes",
    "operations.reading.sampling.TOLD_MAX": "attempts, while rights change",
    "operations.following.snapshots.HEADER_BYTES_MAX": "what is read of a snapshot before it is known to be one",
    "operations.following.taking_over.LOOKS_MAX": "how often one looks for what the ledger tells of already",
    "operations.following.taking_over.RANGE_MAX": "how much is read at once while the graph is loaded",
    "operations.watching.refused_scenarios.PRODUCTS_COUNTED_MAX": "the memory of what was refused",
    "operations.writing.queue.BATCH_COMMANDS_MAX": "how many writes share a transaction",
    "operations.writing.queue.BATCH_FOOTPRINTS_MAX": "how many footprints share a transaction",
    "operations.writing.queue.HEAD_BACKOFF_MAX_S": "a pause between attempts",
    "operations.writing.queue.HEAD_RETRIES_MAX": "attempts, while other servers write",
    "schema.connections.CURSOR_LENGTH_MAX": "no cursor of ours is as long",
    "schema.documents.KEPT_CHARACTERS_MAX": "the memory of queries",
    "schema.documents.KEPT_ONE_MAX": "the memory of queries",
    "schema.enum_values.VALUES_NAMED_MAX": "how many right values an error lists",
    "schema.execution.TRIES_MAX": "attempts, while rights change",
    "schema.http.DISCARDED_TIMES_MAX": "how much of too large a body is read before it is refused",
    "schema.ids.ID_LENGTH_MAX": "no id of ours is as long",
    "schema.scalars.GOT_LENGTH_MAX": "how much of a refused value is quoted",
    "tokens.attempts.ENTRIES_MAX": "the memory of failed attempts",
    "tokens.client_secrets.COST_MAX": "what is kept of a secret",
    "tokens.client_secrets.LENGTH_MAX": "no secret of ours is as long",
    "tokens.signing.TOKEN_LENGTH_MAX": "no token of ours is as long",
}


class Bytes(int):
    """Bytes that read better as MiB."""

    def __format__(self, spec: str) -> str:
        return f"{self // 2**20} MiB" if spec == "mib" else super().__format__(spec)


def value_of(constant: str) -> Any:
    module, _, name = constant.rpartition(".")
    if module == "config":  # the most that a setting may be
        return next(bound.le for bound in Settings.model_fields[name].metadata if hasattr(bound, "le"))
    value = getattr(importlib.import_module(f"exchange.{module}"), name)
    return Bytes(value) if isinstance(value, int) else value


def limits() -> str:
    """One table for each thing that is limited."""
    parts = [
        "\n".join([f"**{what}**", "", HEADER, "|---|---|---|", *(each.row() for each in rows)])
        for what, rows in LIMITS.items()
    ]
    return "\n\n".join(parts)


def limits_in(path: Path) -> Iterator[str]:
    """The limits that a file of the exchange has, by module and name."""
    module = ".".join(path.relative_to(ROOT / "exchange").with_suffix("").parts)
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        for target in targets:
            for name in ast.walk(target):
                if isinstance(name, ast.Name) and NAME.match(name.id):
                    yield f"{module}.{name.id}"


def limits_passed() -> set[str]:
    found: set[str] = set()
    for place in PASSED:
        path = ROOT / "exchange" / place
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            found |= set(limits_in(file))
    return found
