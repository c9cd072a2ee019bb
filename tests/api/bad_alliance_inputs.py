"""Good and bad inputs of mutations about alliances, and of grants to them and of many products: as in bad_inputs.py."""

from __future__ import annotations

from typing import Any

from exchange.schema.ids import global_id
from tests.api.bad_values import GONE, INVALID, LONE, UNKNOWN, Case, Id, each, ids, keys, names

GOOD: dict[str, tuple[str, dict[str, Any]]] = {
    "alliance": ("foundAlliance", {"name": "Another"}),
    "invitation": ("inviteToAlliance", {"alliance": Id("my alliance"), "organization": Id("other")}),
    "acceptance": ("acceptInvitation", {"invitation": Id("invitation to me")}),
    "refusal": ("declineInvitation", {"invitation": Id("invitation to me")}),
    "leaving": ("leaveAlliance", {"alliance": Id("my alliance")}),
}
CLASS = "urn:pact:class.example:c:1"
MEMBERSHIP = [global_id("Membership", UNKNOWN), Id("hidden invitation")]


def unanswerable(what: str) -> list[Case]:
    """What is no invitation that the maker may answer."""
    return [
        *ids(what, "invitation", "mine"),
        *each(what, "invitation", "NotFound", *MEMBERSHIP, Id("declined invitation")),
        *each(what, "invitation", "Conflict", Id("my membership")),
    ]


CASES: list[Case] = [
    *keys("alliance"),
    *names("alliance", "name", 512),
    *each("alliance", "name", "Conflict", "Mine", "MINE"),
    *keys("invitation"),
    *ids("invitation", "alliance", "mine"),
    *ids("invitation", "organization", "mine"),
    *each("invitation", "alliance", "NotFound", global_id("Alliance", UNKNOWN)),
    *each("invitation", "alliance", "AccessDenied", Id("their alliance")),
    *each("invitation", "organization", "NotFound", global_id("Organization", UNKNOWN)),
    *each("invitation", "organization", "Conflict", Id("me"), Id("other of all")),
    *unanswerable("acceptance"),
    *unanswerable("refusal"),
    *each("acceptance", "invitation", "AccessDenied", Id("invitation of mine")),
    *ids("leaving", "alliance", "mine"),
    *each("leaving", "alliance", "NotFound", global_id("Alliance", UNKNOWN)),
    *each("leaving", "alliance", "AccessDenied", Id("their alliance")),
    *each("grant", "product", "ONE_OF", None, GONE),
    ("grant", {"everything": True}, "ONE_OF", "product"),
    ("grant", {"classification": CLASS}, "ONE_OF", "product"),
    ("grant", {"product": GONE, "everything": True, "classification": CLASS}, "ONE_OF", "product"),
    *each("grant", "everything", INVALID, None, "yes", 1),
    *each("grant", "classification", INVALID, "x", 7, LONE),
    ("grant", {"product": GONE, "everything": True, "to": {"public": True}}, "CONTRADICTION", "to.public"),
    ("grant", {"to": {"alliance": "x"}}, "ID_INVALID", "to.alliance"),
    ("grant", {"to": {"alliance": Id("mine")}}, "ID_INVALID", "to.alliance"),
    ("grant", {"to": {"alliance": global_id("Alliance", UNKNOWN)}}, "NotFound", "to.alliance"),
    ("grant", {"to": {"alliance": Id("my alliance"), "organization": Id("other")}}, INVALID, "to"),
    *each("grant", "level", "CONTRADICTION", "BENCHMARK"),
    ("grant", {"to": {"public": True}, "level": "BENCHMARK"}, "CONTRADICTION", "level"),
    ("grant", {"to": {"alliance": Id("my alliance")}, "level": "BENCHMARK", "onward": True}, "CONTRADICTION", "onward"),
]
