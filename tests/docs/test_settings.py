"""Every setting is documented, with its default."""

from __future__ import annotations

import re

import pytest

from exchange.config import PREFIX, Settings, _contradictions, read_settings, variables
from exchange.errors import ConfigurationInvalid
from tests.docs.documents import all_documents, document

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


def test_settings_that_are_said_to_exclude_each_other_stop_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in variables():
        monkeypatch.delenv(name, raising=False)
    met: set[str] = set()
    for together, _ in document("docs/settings.md").table("| together | does not start, because |"):
        stated = dict(re.findall(r"`(EXCHANGE_[A-Z_]+)=([^`]+)`", together))
        with monkeypatch.context() as patch:
            for name, value in stated.items():
                patch.setenv(name, value)
            with pytest.raises(ConfigurationInvalid) as refused:
                read_settings()
        [said] = refused.value.message.splitlines()
        assert set(stated) & set(re.findall(r"EXCHANGE_[A-Z_]+", said)), said
        met.add(said)
    given = dict.fromkeys(("graph_user", "graph_password", "graph_database", "data_directory"), "x")
    every = [_contradictions(given | {"graph_uri": uri}) for uri in ("bolt://x", "embedded:x")]
    every.append(_contradictions({"graph_uri": "bolt://x"}))
    assert met == {said for found in every for said in found}


def test_settings_named_anywhere_in_the_documents_exist() -> None:
    known = set(variables())
    for one in all_documents():
        named = set(re.findall(r"EXCHANGE_[A-Z_]+", one.path.read_text(encoding="utf-8")))
        assert named <= known, f"{one.name} names {sorted(named - known)}"
