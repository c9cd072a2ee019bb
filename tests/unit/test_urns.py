"""URNs: what is one, how it is spelled, and who may register it."""

import pytest

from exchange.model.urns import is_name, may_register, names_something, normal_urn


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("urn:pact:Grid.Example:product-id:Power", "urn:pact:grid.example:product-id:Power"),
        ("URN:PACT:grid.example:product-id:1", "urn:pact:grid.example:product-id:1"),
        ("urn:gtin:4712345060507", "urn:gtin:4712345060507"),
        ("urn:uuid:6F2A0D5E-7D3B-4B1C-9A60-0F4C0A6E1B11", "urn:uuid:6f2a0d5e-7d3b-4b1c-9a60-0f4c0a6e1b11"),
        ("urn:pact:grid.example:h%6fodie", "urn:pact:grid.example:h%6Fodie"),
        ("urn:pact:grid.example:a/b%c3%a9&c", "urn:pact:grid.example:a/b%C3%A9&c"),
        ("urn:pact:Grid.Example:a?+R%6f?=Q?#F/%6f", "urn:pact:grid.example:a?+R%6F?=Q?#F/%6F"),
        ("urn:uuid:6F2A0D5E-7D3B-4B1C-9A60-0F4C0A6E1B11#", "urn:uuid:6f2a0d5e-7d3b-4b1c-9a60-0f4c0a6e1b11#"),
        ("urn:pact:grid.example:h%6", None),
        ("urn:pact:grid.example:h%zz", None),
        ("urn:pact:grid.example:h?x", None),
        ("urn:pact:grid.example:h?+", None),
        ("urn:pact:grid.example:h?+x?=", None),
        ("urn:pact:grid.example:h?=", None),
        ("urn:pact:grid.example:h##", None),
        ("urn:pact:/h", None),
        ("urn:uuid:not-a-uuid", None),
        ("urn:p:x", None),
        ("power", None),
        ("", None),
        ("urn:pact:", None),
        ("urn:pact:grid.example:a b", None),
        ("urn:pact:grid.example:电", None),
        ("urn:pact:grid.example:a\n", None),
        ("urn:pact:" + "x" * 600, None),
    ],
)
def test_a_urn_has_one_spelling(given: str, normal: str | None) -> None:
    assert normal_urn(given) == normal


@pytest.mark.parametrize(
    ("urn", "name"),
    [
        ("urn:pact:grid.example:a", True),
        ("urn:pact:grid.example:a+=,b", True),
        ("urn:pact:grid.example:a?+r", False),
        ("urn:pact:grid.example:a?=q", False),
        ("urn:pact:grid.example:a#f", False),
        ("urn:pact:grid.example:a#", False),
    ],
)
def test_what_says_how_to_use_a_name_is_no_part_of_it(urn: str, name: bool) -> None:
    assert is_name(urn) is name


@pytest.mark.parametrize(
    ("urn", "names"),
    [
        ("urn:pact:grid.example:product-id:1", True),
        ("urn:pact:grid.example:a", True),
        ("urn:gtin:4712345060507", True),
        ("urn:uuid:6f2a0d5e-7d3b-4b1c-9a60-0f4c0a6e1b11", True),
        ("urn:xx:y", True),
        ("urn:xx:y:", False),
        ("urn:pact:grid.example:product-id:", False),
        ("urn:pact:grid.example:", False),
        ("urn:pact:grid.example", False),
        ("urn:pact:grid.example::", False),
    ],
)
def test_an_identifier_names_something_in_its_namespace(urn: str, names: bool) -> None:
    assert names_something(urn) is names


@pytest.mark.parametrize(
    ("urn", "allowed"),
    [
        ("urn:pact:grid.example:product-id:1", True),
        ("urn:pact:sub.grid.example:product-id:1", False),
        ("urn:pact:grid.example.evil:product-id:1", False),
        ("urn:gtin:4712345060507", True),
        ("urn:gtin:4799999060507", False),
        ("urn:gtin:4712345x60507", False),
        ("urn:uuid:6f2a0d5e-7d3b-4b1c-9a60-0f4c0a6e1b11", True),
        ("urn:epc:id:sgtin:4712345.0.1", False),
    ],
)
def test_an_organization_registers_only_in_its_own_namespaces(urn: str, allowed: bool) -> None:
    assert may_register(urn, ("grid.example",), ("4712345",)) is allowed
