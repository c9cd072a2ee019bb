"""What a failure looks like on the command line: each has its code, for people and in JSON."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from exchange import errors
from exchange.cli import commands
from exchange.cli.errors import show_error
from exchange.config import variables
from exchange.rollup import RefusalCode

OTHER_ARGUMENTS: dict[type[errors.ExchangeError], dict[str, Any]] = {
    errors.TooManyRequests: {"retry_after_seconds": 7},
    errors.RollUpRefused: {"refusal": "EXPIRED"},
}
KINDS = errors.ExchangeError.__subclasses__()


def shown(error, capsys) -> Any:
    show_error(error, as_json=True)
    return json.loads(capsys.readouterr().err)["error"]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_has_its_code(kind, capsys):
    error = kind("What to do.", **OTHER_ARGUMENTS.get(kind, {}))
    fields = shown(error, capsys)
    assert (fields["code"], fields["message"], fields["retryable"]) == (kind.code, "What to do.", kind.retryable)
    show_error(error)
    assert capsys.readouterr().err.startswith(kind.code)


@pytest.mark.parametrize("code", RefusalCode)
def test_a_product_without_a_result_has_the_reason_as_a_code(code, capsys):
    refused = errors.RollUpRefused("What to do.", refusal=code)
    assert shown(refused, capsys)["refusal"] == {"code": str(code)}
    show_error(refused)
    assert capsys.readouterr().err == f"ROLL_UP_REFUSED {code}: What to do.\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["rollup", "x"],
        ["organization", "list"],
        ["client", "add", "x"],
        ["seed"],
        ["import", "useeio", "/no/such/folder"],
        ["import", "carbon-catalogue", "/no/such/folder"],
    ],
    ids=" ".join,
)
def test_a_wrong_setting_is_a_failure_in_json_too_and_is_told_first(arguments):
    environment = dict.fromkeys(variables()) | {"EXCHANGE_GRAPH_URI": "bolt://me:open-sesame@localhost"}
    done = CliRunner().invoke(commands, [*arguments, "--json"], env=environment)
    assert done.exit_code == 1
    assert json.loads(done.stderr)["error"]["code"] == "CONFIGURATION_INVALID"
    assert "sesame" not in done.output


@pytest.mark.parametrize("command", [["doctor"], ["doctor", "--json"], ["serve"], ["demo"]])
def test_settings_that_are_wrong_are_all_told_at_once_and_no_secret(command):
    environment = dict.fromkeys(variables()) | {
        "EXCHANGE_GRAPH_URI": "bolt://me:open-sesame@localhost",
        "EXCHANGE_GRAPH_PASSWORD": "sesame-too",
        "EXCHANGE_PORT": "http",
        "EXCHANGE_HOST": "not a host",
    }
    done = CliRunner().invoke(commands, command, env=environment)
    assert done.exit_code == 1
    for words in (
        "CONFIGURATION_INVALID",
        "3 settings are wrong",
        "EXCHANGE_PORT='http'",
        "EXCHANGE_HOST='not a host'",
    ):
        assert words in done.output
    assert "EXCHANGE_GRAPH_URI has a user or a password in it" in done.output
    assert "sesame" not in done.output


@pytest.mark.parametrize("command", ["serve", "demo"])
@pytest.mark.parametrize(
    ("host", "says"),
    [
        ("no-such-host.invalid", "EXCHANGE_HOST='no-such-host.invalid' is a name that nobody knows here"),
        ("192.0.2.1", "EXCHANGE_HOST='192.0.2.1' is not an address of this machine"),
    ],
)
def test_an_address_of_nobody_here_is_told_before_a_database_is_started(command, host, says, tmp_path):
    environment = dict.fromkeys(variables()) | {
        "EXCHANGE_HOST": host,
        "EXCHANGE_DATA_DIRECTORY": str(tmp_path / "data"),
    }
    done = CliRunner().invoke(commands, [command, "--port", "0"], env=environment)
    assert done.exit_code == 1
    assert says in done.stderr
    assert "Write 127.0.0.1 for this machine alone" in done.stderr
    assert not (tmp_path / "data").exists()
