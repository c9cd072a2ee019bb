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


@pytest.mark.parametrize("arguments", [["rollup", "x"], ["organization", "list"], ["client", "add", "x"], ["seed"]])
def test_a_wrong_setting_is_a_failure_in_json_too(arguments):
    environment = dict.fromkeys(variables()) | {"EXCHANGE_PORT": "http"}
    done = CliRunner().invoke(commands, [*arguments, "--json"], env=environment)
    assert done.exit_code == 1
    assert json.loads(done.stderr)["error"]["code"] == "CONFIGURATION_INVALID"
    assert not done.stdout
