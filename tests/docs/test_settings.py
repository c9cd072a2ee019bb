"""Every setting is documented, with its default."""

from __future__ import annotations

from exchange.config import PREFIX, Settings, variables
from tests.docs.documents import document

HEADER = "| variable | default | meaning |"


def rows() -> dict[str, str]:
    return {row[0].strip("`"): row[1] for row in document("docs/settings.md").table(HEADER)}


def test_every_setting_is_documented_and_nothing_else() -> None:
    assert list(rows()) == variables()


def test_documented_defaults_are_the_settings_own() -> None:
    documented = rows()
    for name, field in Settings.model_fields.items():
        if field.default is not None:
            assert documented[PREFIX + name.upper()] == f"`{field.default}`"


def test_settings_named_anywhere_in_the_documents_exist() -> None:
    import re

    from tests.docs.documents import all_documents

    known = set(variables())
    for one in all_documents():
        named = set(re.findall(r"EXCHANGE_[A-Z_]+", one.path.read_text(encoding="utf-8")))
        assert named <= known, f"{one.name} names {sorted(named - known)}"
