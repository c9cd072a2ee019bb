"""The API's enums about what others see of one's own, and when they looked; as in enumerations.py."""

from __future__ import annotations

from exchange.access import Disclosure
from exchange.access import RouteCondition as AccessRouteCondition
from exchange.access import RouteKind as AccessRouteKind
from exchange.operations.reading.access_of import AccessReasonCode
from exchange.operations.reading.grant_use import GrantUseCode
from exchange.schema.describing import describe

__all__ = ["AccessReasonCode", "AccessRouteCondition", "AccessRouteKind", "Disclosure", "GrantUseCode"]

describe(
    GrantUseCode,
    "What is known of a grant's last use.",
    {
        "READ": "Lines that it is of were read by whom it reaches, while it held.",
        "NOT_READ": "They were not, since it began, as far as is kept.",
        "READ_BY_ANOTHER": "They were last read after it ended, so by another grant; what was before is not kept.",
        "NOT_KEPT": "It shows no lines: reads at TOTAL and BREAKDOWN are not kept.",
        "MEMBERS_NOT_SHOWN": "It is to an alliance that its owner is not in. The owner's audit trail has the reads, by "
        "organization.",
    },
)
describe(
    Disclosure,
    "Whether something is shown to another organization.",
    {
        "SHOWN": "It is.",
        "CONDITIONAL": "It is if all the reasons hold, which other owners decide.",
        "HIDDEN": "It is not, for each of the reasons.",
    },
)
describe(
    AccessRouteKind,
    "By what an organization sees a product.",
    {
        "ORGANIZATION": "A grant to it.",
        "ALLIANCE": "A grant to an alliance that it is in.",
        "PUBLIC": "A grant to everybody.",
        "ONWARD": "A grant to another, onward: at TOTAL, to whoever is shown lines to it of what that one makes.",
    },
    name="AccessRouteKind",
)
describe(
    AccessRouteCondition,
    "What has to be so for an organization to see a product by a grant, and is not the owner's to know.",
    {
        "IS_MEMBER": "It is a member of the alliance, which the owner is not in.",
        "SEES_LINES": "The grantee has a product with a line to it, of which it shows that organization the lines.",
    },
    name="AccessRouteCondition",
)
describe(
    AccessReasonCode,
    "Why something is shown only on a condition, or not at all.",
    {
        "SEES_PRODUCT": "Condition: it may see the line's product.",
        "SEES_FALLBACK": "Condition: it may see the product of the line's fallback.",
        "LEVEL": "The level does not show it.",
        "NO_LINES": "The footprint states its result, or none stands: there is nothing to show.",
        "NOT_SHARED": "The line, or its fallback, is from a product of your own that it may not see.",
        "GAP": "The line is a gap, which its owner alone sees.",
        "SERVED_BY_FALLBACK": "The fallback serves, which the line's owner alone sees.",
    },
)
