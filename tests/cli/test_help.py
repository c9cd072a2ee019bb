"""Every command helps: what it does, an example, its options; wrong use is 2 and says what was wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

from exchange import __version__
from exchange.cli import commands
from exchange.cli.commands import commands as same

PRINTS_DATA = {
    "seed",
    "import useeio",
    "import carbon-catalogue",
    "organization add",
    "organization group",
    "organization list",
    "client add",
    "client list",
    "client role",
    "client revoke",
    "rollup",
    "explain",
    "verify",
    "doctor",
}


def every(group: TyperGroup, *names: str) -> Iterator[tuple[str, bool]]:
    """Names of all commands, and whether each is a group."""
    for name, command in group.commands.items():
        yield " ".join((*names, name)), isinstance(command, TyperGroup)
        if isinstance(command, TyperGroup):
            yield from every(command, *names, name)


def root() -> TyperGroup:
    found = get_command(commands)
    assert isinstance(found, TyperGroup)
    return found


ALL = dict(every(root()))


def test_the_commands_are_these():
    assert [name for name, group in ALL.items() if not group] == [
        "demo",
        "serve",
        "seed",
        "rollup",
        "explain",
        "verify",
        "schema",
        "doctor",
        "import useeio",
        "import carbon-catalogue",
        "organization add",
        "organization group",
        "organization list",
        "client add",
        "client list",
        "client role",
        "client revoke",
        "graph export",
        "graph draw-seed",
        "audit export",
        "audit verify",
        "benchmark publish",
    ]
    assert same is commands


@pytest.mark.parametrize("name", ["", *ALL])
def test_help_has_an_example_that_calls_the_command(name):
    shown = CliRunner().invoke(commands, [*name.split(), "--help"])
    assert shown.exit_code == 0
    text = re.sub(r"\s+", " ", shown.stdout)
    assert f"Example: exchange {name}" in text


@pytest.mark.parametrize("name", sorted(PRINTS_DATA))
def test_what_prints_data_prints_json_too(name):
    assert "--json" in CliRunner().invoke(commands, [*name.split(), "--help"]).stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-command"],
        ["rollup"],
        ["rollup", "x", "--as-of", "yesterday"],
        ["rollup", "x", "--known-at", "2026-06-30"],
        ["organization", "add", "A"],
        ["client", "add", "A", "--scope", "EVERYTHING"],
        ["graph", "export", "x"],
        ["graph", "export", "x", "--format", "pdf"],
        ["serve", "--port", "70000"],
        ["import", "useeio"],
        ["import", "carbon-catalogue"],
        ["explain"],
        ["explain", "x", "--as-of", "yesterday"],
        ["verify"],
        ["verify", "no-such-file"],
        ["verify", "x", "--against", "sha256:1"],
    ],
    ids=" ".join,
)
def test_wrong_use_is_two_and_writes_to_standard_error(arguments):
    done = CliRunner().invoke(commands, arguments)
    assert done.exit_code == 2
    assert done.stderr
    assert not done.stdout
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["rollup", "x", "--as-of", "2026-13-01"], "2026-13-01 is not a date; write YYYY-MM-DD."),
        (["rollup", "x", "--as-of", "20260630"], "20260630 is not a date; write YYYY-MM-DD."),
        (["import", "useeio", "x", "--date", "2026-02-30"], "2026-02-30 is not a date; write YYYY-MM-DD."),
        (["rollup", "x", "--known-at", "2026-06-30"], "'2026-06-30' is not an instant with an offset"),
        (["benchmark", "publish", "--closing", ""], "'--closing': '' is not a date; write YYYY-MM-DD."),
        (["client", "add", "A", "--role", "BOSS"], "'BOSS' is none of ADMINISTRATOR, PUBLISHER, READER, AUDITOR."),
        (["client", "role", "A", ""], "'ROLE': '' is none of ADMINISTRATOR, PUBLISHER, READER, AUDITOR."),
        (["client", "add", "A", "--scope", "ALL"], "'ALL' is none of READ, PUBLISH, AUDIT, MANAGE, ADMINISTER."),
        (["rollup"], "Missing argument 'PRODUCT'"),
        (["rollup", "x", "--as-off", "2026-06-30"], "--as-off"),
        (["no-such-command"], "no-such-command"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_use_says_what_to_write_and_is_json_where_json_is_wanted(arguments, says):
    for_people = CliRunner().invoke(commands, arguments)
    assert (for_people.exit_code, for_people.stdout) == (2, "")
    assert says in for_people.stderr
    assert "%Y" not in for_people.stderr
    assert "Value error" not in for_people.stderr
    for place in (min(2, len(arguments)), len(arguments)):
        done = CliRunner().invoke(commands, [*arguments[:place], "--json", *arguments[place:]])
        assert (done.exit_code, done.stdout) == (2, "")
        error = json.loads(done.stderr)["error"]
        assert (error["code"], error["retryable"]) == ("INVALID_INPUT", False)
        assert says in error["message"]


def test_the_version_is_printed():
    done = CliRunner().invoke(commands, ["--version"])
    assert (done.exit_code, done.stdout) == (0, f"exchange {__version__}\n")
