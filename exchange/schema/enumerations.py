"""The API's enums, each value described. Words of the model are used as they are; levels are shown without NONE.

Types take enums from here, or from the files of enumerations of access, benchmarks and comparisons, and not from the
model: one that is used before it is described would be another enum.
"""

from __future__ import annotations

from enum import StrEnum

from exchange.model.conformity import ProductRuleOperator, VerificationCoverage
from exchange.model.footprint import FootprintKind, FootprintStatus, LifeCycleStage, PriceBasis, SystemBoundary
from exchange.model.ledger import ChangeKind as AuditKind
from exchange.model.paging import ProductOrder
from exchange.model.parties import MemberKind, Role, Scope
from exchange.model.resolved import GapCode, UncertaintyReason
from exchange.operations.answers.explanation import ContributionGrouping
from exchange.operations.answers.explanation import GroupKind as ContributionGroupKind
from exchange.schema.describing import describe
from exchange.units import AmountUnit, DeclaredUnit

__all__ = [
    "AccessLevel",
    "AmountUnit",
    "AuditKind",
    "ContributionGroupKind",
    "ContributionGrouping",
    "DeclaredUnit",
    "FindingSeverity",
    "FootprintKind",
    "FootprintStatus",
    "GapCode",
    "GrantLevel",
    "LifeCycleStage",
    "MemberKind",
    "OrderDirection",
    "PriceBasis",
    "ProductOrder",
    "ProductRuleOperator",
    "Role",
    "RollUpRefusedCode",
    "Scope",
    "SystemBoundary",
    "UncertaintyMethod",
    "UncertaintyReason",
    "VerificationCoverage",
]

_DECLARED_UNITS = {
    "LITER": "Volume, dm³.",
    "KILOGRAM": "Mass.",
    "CUBIC_METER": "Volume, 1000 liter.",
    "KILOWATT_HOUR": "Energy, 3.6 megajoule.",
    "MEGAJOULE": "Energy.",
    "TON_KILOMETER": "Transport: one ton over one kilometer.",
    "SQUARE_METER": "Area.",
    "PIECE": "Number of items.",
    "HOUR": "Time.",
    "MEGABIT_SECOND": "Data transmitted, as in PACT.",
    "MONEY": "Money, in a currency, of a year, on a price basis. Not in PACT.",
}
describe(DeclaredUnit, "What a footprint may be declared per (PACT's units, and money).", _DECLARED_UNITS)
describe(
    AmountUnit,
    "What a line's amount may be in.",
    _DECLARED_UNITS
    | {
        "MILLILITER": "Volume, 0.001 liter.",
        "GRAM": "Mass, 0.001 kilogram.",
        "TON": "Mass, 1000 kilogram.",
        "MILLIGRAM": "Mass, 0.000001 kilogram.",
        "WATT_HOUR": "Energy, 0.001 kilowatt hour.",
        "MEGAWATT_HOUR": "Energy, 1000 kilowatt hour.",
        "GIGAJOULE": "Energy, 1000 megajoule.",
    },
)
describe(
    LifeCycleStage,
    "Where in the life cycle something is emitted or used. Cradle to gate is the first two.",
    {
        "RAW_MATERIAL_ACQUISITION": "Getting and preparing what goes in.",
        "MANUFACTURING": "Making the product, up to the gate.",
        "DISTRIBUTION": "From the gate to the customer; shown apart.",
        "USE": "Using the product; shown apart.",
        "END_OF_LIFE": "After use; shown apart.",
    },
)
describe(
    FootprintKind,
    "How a footprint says what it says.",
    {
        "DECLARED": "The owner states the cradle-to-gate result.",
        "MODELLED": "The owner states direct emissions and inputs; the exchange computes.",
    },
)
describe(
    ProductRuleOperator,
    "Who publishes rules for a kind of product or a sector, as in PACT.",
    {
        "PEF": "The EU's Product Environmental Footprint: category rules (PEFCR).",
        "EPD_INTERNATIONAL": "EPD International: product category rules (PCR).",
        "OTHER": "Somebody else, or a sector's guidance; otherOperatorName says who.",
    },
)
describe(
    VerificationCoverage,
    "What a third party verified, as in PACT.",
    {
        "PCF_CALCULATION_MODEL": "The model that footprints are computed with.",
        "PCF_PROGRAM": "How the enterprise makes its footprints.",
        "PRODUCT_LEVEL": "This product's footprint.",
    },
)
describe(
    FootprintStatus,
    "Whether a footprint still stands, as in PACT.",
    {"ACTIVE": "It stands.", "DEPRECATED": "It was corrected or withdrawn; it stays in history."},
)
describe(
    SystemBoundary,
    "What part of the life cycle a result covers. PACT knows the first only.",
    {
        "CRADLE_TO_GATE": "From the raw materials to the maker's gate: what the exchange adds up.",
        "CRADLE_TO_GRAVE": "To the end of life: kept as stated, compared with its like, never added.",
    },
)
describe(
    PriceBasis,
    "Which price a MONEY amount is in.",
    {
        "BASIC": "What the producer keeps, without taxes and subsidies on products.",
        "PRODUCER": "The price at the producer's gate.",
        "PURCHASER": "What the buyer pays, with trade, transport and taxes.",
    },
)
describe(
    GapCode,
    "Why a line could not be resolved; the first that applies.",
    {
        "NOT_GRANTED": "Nobody registered the product, or its owner did not grant it to the line's owner.",
        "NO_FOOTPRINT": "The product has no footprint.",
        "EXPIRED": "Every footprint of the product ended before the date asked about.",
        "NOT_YET_VALID": "Every footprint of the product begins after the date asked about.",
        "OTHER_BOUNDARY": "The product's footprint of that date is cradle to grave, which is never added.",
        "UNIT_NOT_CONVERTIBLE": "The line's unit cannot be turned into the product's declared unit.",
    },
)
describe(
    ContributionGrouping,
    "What a result is grouped by. Each emission is in exactly one group.",
    {
        "ORGANIZATION": "The owner of the product whose own term it is.",
        "LIFE_CYCLE_STAGE": "The stage of the product's own line, or of its own direct emissions, through which it "
        "enters.",
        "COUNTRY": "The country that the footprint states whose own term it is.",
        "TIER": "How many lines lie between the product and the one whose own term it is; 0: direct.",
        "DATA_QUALITY": "The data quality of the total of the product whose own term it is, as a level from 1 to 5.",
    },
)
describe(
    ContributionGroupKind,
    "What a group says of its emissions.",
    {
        "KNOWN": "They are the group's, for all that the viewer is shown.",
        "NOT_BROKEN_DOWN": "Results, or rests of results, of products whose lines are not shown: what was emitted "
        "further upstream is inside.",
        "UNKNOWN": "No country is stated, or nothing is known of the quality.",
        "BEYOND": "More lines away than tiers are told apart.",
    },
    name="ContributionGroupKind",
)
describe(
    UncertaintyReason,
    "Why the spread of a result is not told; the first that applies.",
    {
        "NOT_POSITIVE": "The result is zero or below, and a log-normal number never is.",
        "NOT_STATED": "Nothing that the result depends on has a stated spread.",
        "UNSTABLE": "The result is a difference of much larger numbers, or rests on a loop that takes most of itself: "
        "the form of the first order would be wrong.",
    },
)
describe(
    Scope,
    "What a token is good for.",
    {
        "READ": "Ask questions as the organization.",
        "PUBLISH": "Create products, publish, grant and revoke for the organization.",
        "AUDIT": "Read the organization's audit trail and its members, and of products totals; without READ nothing "
        "more of them, also of its own.",
        "MANAGE": "Manage the organization's members and their credentials.",
        "ADMINISTER": "Run the exchange; the operator's.",
    },
)

describe(
    Role,
    "What a member may do for its organization.",
    {
        "ADMINISTRATOR": "Manage the members and their credentials, and everything that the others may.",
        "PUBLISHER": "Ask, create products, publish, grant and revoke, take part in alliances.",
        "READER": "Ask, as the organization.",
        "AUDITOR": "Read the audit trail, the members, all grants, and of products totals; write nothing.",
    },
    name="Role",
)
describe(
    MemberKind,
    "Who signs in with a member's credentials.",
    {"PERSON": "A person.", "SERVICE_ACCOUNT": "A program."},
    name="MemberKind",
)


describe(
    ProductOrder,
    "What products are ordered by.",
    {"NAME": "By name, without regard to case.", "CREATED_AT": "By when they were created."},
    name="ProductOrderField",
)


class OrderDirection(StrEnum):
    ASC = "ASC"
    DESC = "DESC"


class AccessLevel(StrEnum):
    TOTAL = "TOTAL"
    BREAKDOWN = "BREAKDOWN"
    INPUTS = "INPUTS"
    OWNER = "OWNER"


class GrantLevel(StrEnum):
    TOTAL = "TOTAL"
    BREAKDOWN = "BREAKDOWN"
    INPUTS = "INPUTS"
    BENCHMARK = "BENCHMARK"


class UncertaintyMethod(StrEnum):
    ANALYTIC_LOG_NORMAL = "ANALYTIC_LOG_NORMAL"
    MONTE_CARLO = "MONTE_CARLO"


class FindingSeverity(StrEnum):
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class RollUpRefusedCode(StrEnum):
    LOOP_WITHOUT_ANSWER = "LOOP_WITHOUT_ANSWER"
    NO_FOOTPRINT = "NO_FOOTPRINT"
    EXPIRED = "EXPIRED"
    NOT_YET_VALID = "NOT_YET_VALID"
    OTHER_BOUNDARY = "OTHER_BOUNDARY"
    TOO_LARGE = "TOO_LARGE"


describe(
    OrderDirection,
    "Which end comes first.",
    {"ASC": "Smallest, earliest or A first.", "DESC": "Largest, latest or Z first."},
)
_LEVELS = {
    "TOTAL": "The product, its owner, and its totals with their quality.",
    "BREAKDOWN": "Also direct emissions and stages, where the total of every line's product is visible.",
    "INPUTS": "Also the lines whose products are visible.",
}
describe(
    AccessLevel,
    "How much of a product its viewer is shown; each level includes those before it.",
    _LEVELS | {"OWNER": "Everything."},
)
describe(
    GrantLevel,
    "How much a grant shows; of the first three each includes those before it.",
    _LEVELS
    | {
        "BENCHMARK": "Nothing: consent that values are counted in an alliance's statistics. To an alliance only; no "
        "line may be followed by it."
    },
)
describe(
    UncertaintyMethod,
    "How a spread was computed.",
    {
        "ANALYTIC_LOG_NORMAL": "The first order in the logarithms: ln²GSD is the sum of elasticity² × ln²GSD of all "
        "stated numbers; each of them is a median.",
        "MONTE_CARLO": "Every number with a spread is drawn from its log-normal distribution, many times over.",
    },
)
describe(
    FindingSeverity,
    "How much a finding matters.",
    {
        "INFO": "Good to know.",
        "WARNING": "Probably a mistake; look at it.",
        "ERROR": "A mistake that was kept rather than corrected.",
    },
)
describe(
    RollUpRefusedCode,
    "Why a product has no result on the dates asked about.",
    {
        "LOOP_WITHOUT_ANSWER": "A loop of products that consumes at least one of itself.",
        "NO_FOOTPRINT": "The product has no footprint.",
        "EXPIRED": "Its footprints ended before the date asked about.",
        "NOT_YET_VALID": "Its footprints begin after the date asked about.",
        "OTHER_BOUNDARY": "Its footprint of that date is not cradle to gate.",
        "TOO_LARGE": "Its supply chain is larger than this server computes.",
    },
)
describe(
    AuditKind,
    "What the audit trail keeps.",
    {
        "ORGANIZATION_ADDED": "The operator added the organization.",
        "CLIENT_ADDED": "A member was added, with its credentials.",
        "CLIENT_REVOKED": "A member was removed: its credentials were revoked.",
        "CLIENT_ROLE_CHANGED": "A member was given another role.",
        "CLIENT_SECRET_ROTATED": "A member was given another secret.",
        "GROUP_CHANGED": "The operator put the organization into another corporate group, or out of one.",
        "KEY_ADDED": "A key to sign tokens with was made; in no organization's own trail.",
        "PRODUCT_CREATED": "A product was registered.",
        "RELEASE_CREATED": "A release of a dataset was made.",
        "FOOTPRINT_PUBLISHED": "A footprint was published.",
        "FOOTPRINT_DEPRECATED": "A footprint was deprecated, or replaced by its correction.",
        "ACCESS_GRANTED": "Access to a product, or to many, was granted.",
        "ACCESS_REVOKED": "A grant was revoked.",
        "LOOP_REFUSED": "A footprint, a grant or a joining was refused, because it would have closed a loop without an "
        "answer.",
        "ALLIANCE_FOUNDED": "An alliance was founded.",
        "MEMBER_INVITED": "An organization was invited to an alliance.",
        "MEMBER_JOINED": "An organization became a member of an alliance.",
        "INVITATION_ENDED": "An invitation was declined, or taken back.",
        "MEMBER_LEFT": "An organization left an alliance.",
        "BENCHMARKS_PUBLISHED": "The operator published a quarter's benchmarks; in no organization's own trail.",
        "BENCHMARK_READ": "A client was told of an alliance's benchmark, or that there is none; once for each client, "
        "benchmark and day (UTC). Who convenes the alliance reads what was read of one, too.",
        "INPUTS_READ": "A client was shown what was computed from the lines of another organization's product; once "
        "for each client, product and day (UTC).",
        "WRITE_DENIED": "A client tried to write what it may not; once for each client, product, mutation and day.",
        "PROBING_LIMITED": "Somebody asked so much about another's product that it was limited; once a day.",
        "EXTREME_PUBLICATION": "Somebody published, for the third time of a day, something a thousand times what it "
        "was, or less than a thousandth. The detail says what: AMOUNT_SWINGS, an amount of the product; "
        "OWN_EMISSIONS_SWINGS, its own emissions, which come into the product, and of which only the product's owner "
        "is told. Once for each organization, product, rule and day.",
    },
    name="AuditKind",
)
