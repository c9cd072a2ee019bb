"""What a request is hashed from: the same text as ever, because its hash is kept in the database."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Context, Decimal

import pytest

from exchange.model.footprint import LifeCycleStage, PriceBasis, SystemBoundary
from exchange.model.grant import AccessLevel
from exchange.operations.requests.inputs import (
    CreateReleaseInput,
    DataQualityInput,
    FallbackInput,
    FootprintInput,
    GrantAccessInput,
    LineInput,
    ModelledInput,
    ProductKey,
    PublishFootprintsInput,
    StageEmissionsInput,
)
from exchange.operations.writing.idempotency import _text, body_sha256
from exchange.units import AmountUnit, DeclaredUnit

FALLBACK = FallbackInput(ProductKey(product_id='urn:a:"b"'), Decimal("-0.0"), AmountUnit.MONEY, "EUR", 2019)
LINE = LineInput(
    ProductKey(id="é\u2028\U0001f600"),
    Decimal("1.50E+3"),
    AmountUnit.GRAM,
    price_basis=PriceBasis.BASIC,
    delivered=True,
    data_quality=DataQualityInput(Decimal(1), Decimal("2.0"), Decimal("3." + "3" * 40)),
    fallback=FALLBACK,
)
FOOTPRINT = FootprintInput(
    product="p",
    declared_unit_amount=Decimal("100"),
    declared_unit_of_measurement=DeclaredUnit.PIECE,
    product_mass_per_declared_unit=Decimal("0.10"),
    reference_period_start=datetime(2025, 1, 1, tzinfo=UTC),
    reference_period_end=datetime(2026, 1, 1, 1, 2, 3, 4, tzinfo=UTC),
    ipcc_characterization_factors=("AR6",),
    cross_sectoral_standards=(),
    modelled=ModelledInput(
        direct=(StageEmissionsInput(LifeCycleStage.USE, {"z": None, "a%s": Decimal("1.0")}),), lines=(LINE, LINE)
    ),
)
REQUESTS = [
    PublishFootprintsInput("k", (FOOTPRINT,), single=True),
    PublishFootprintsInput("k", (replace(FOOTPRINT, system_boundary=SystemBoundary.CRADLE_TO_GRAVE),)),
    PublishFootprintsInput("", ()),
    CreateReleaseInput("k", "d", "l", date(2025, 2, 3)),
    GrantAccessInput("k", "p", AccessLevel.INPUTS, public=True, from_=datetime(2025, 1, 1, tzinfo=UTC)),
]


@pytest.mark.parametrize("request_", REQUESTS)
def test_the_hash_is_of_json_with_sorted_names(request_):
    def plain(value):
        if isinstance(value, Decimal):
            return str(value.normalize(Context(prec=100)))
        if isinstance(value, date):
            return value.isoformat()
        said = {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}
        later = {each.name: each.default for each in dataclasses.fields(value) if "added_later" in each.metadata}
        return {name: each for name, each in said.items() if name not in later or each is not later[name]}

    text = json.dumps(["operation", request_], sort_keys=True, default=plain)
    assert body_sha256("operation", request_) == hashlib.sha256(text.encode()).hexdigest()


def test_the_hash_of_a_request_is_what_it_was():
    found = body_sha256("createRelease", CreateReleaseInput("k", "d", "é", date(2025, 2, 3)))
    text = '["createRelease", {"dataset": "d", "date": "2025-02-03", "idempotency_key": "k", "label": "\\u00e9"}]'
    assert found == hashlib.sha256(text.encode()).hexdigest()


def test_what_came_later_counts_only_where_it_is_not_as_it_was_before():
    text = _text(FOOTPRINT)
    assert "pedigree" not in text
    assert "system_boundary" not in text
    assert '"system_boundary": "CRADLE_TO_GRAVE"' in _text(
        replace(FOOTPRINT, system_boundary=SystemBoundary.CRADLE_TO_GRAVE)
    )


def test_a_grant_as_it_was_before_alliances_is_the_request_that_it_was():
    text = (
        '["grantAccess", {"from_": null, "idempotency_key": "k", "level": 3, "onward": false, "organization": "o", '
        '"product": "p", "public": false, "until": null}]'
    )
    found = body_sha256("grantAccess", GrantAccessInput("k", "p", AccessLevel.INPUTS, organization="o"))
    assert found == hashlib.sha256(text.encode()).hexdigest()
    assert '"everything": true' in _text(GrantAccessInput("k", None, AccessLevel.INPUTS, everything=True, alliance="a"))


def test_what_has_no_place_in_a_request_is_an_error():
    with pytest.raises(TypeError, match="set has no place"):
        body_sha256("operation", CreateReleaseInput("k", "d", {"l"}, date(2025, 2, 3)))  # type: ignore[arg-type]


def test_amounts_that_are_equal_make_the_same_request_and_longer_ones_do_not():
    hashes = {
        body_sha256("operation", dataclasses.replace(LINE, amount=Decimal(amount)))
        for amount in ("1", "1.0", "1E0", "1." + "0" * 40 + "1", "1." + "0" * 40 + "2")
    }
    assert len(hashes) == 3
