"""Every command and option is documented, what is documented exists, and the examples run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.main import get_command
from typer.testing import CliRunner, Result

import tasks
from exchange.cli import commands
from exchange.config import variables
from exchange.importers.model_files import INPUT_COLUMNS, INPUTS_FILES, PRODUCT_COLUMNS, PRODUCTS_FILE
from tests.docs.documents import ROOT, Block, all_documents, document
from tests.docs.seeded_exchange import SeededExchange

HELP = {"--help", "-h"}
PREFIX = re.compile(r"(?:^exchange|python -m exchange) (?=[a-z])")


def leaves(group: TyperGroup, *names: str) -> Iterator[tuple[str, TyperCommand]]:
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from leaves(command, *names, name)
        else:
            assert isinstance(command, TyperCommand)
            yield " ".join((*names, name)), command


def all_commands() -> dict[str, TyperCommand]:
    root = get_command(commands)
    assert isinstance(root, TyperGroup)
    return dict(leaves(root))


def long_options(command: TyperCommand) -> set[str]:
    options = [option for option in command.params if isinstance(option, TyperOption)]
    return {name for option in options for name in option.opts if name.startswith("--")} - HELP


def sections() -> dict[str, str]:
    text = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
    parts = re.split(r"^## exchange (.+)$", text, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def shell_blocks() -> Iterator[tuple[str, Block]]:
    for one in all_documents():
        for block in one.blocks:
            if block.language == "sh":
                yield one.name, block


def exchange_lines(block: Block) -> list[list[str]]:
    """Arguments of every line of a block that calls the exchange."""
    found = []
    for line in block.text.splitlines():
        match = PREFIX.search(line)
        if match:
            found.append(shlex.split(line[match.end() :].partition(" > ")[0], comments=True))
    return found


def test_every_command_is_documented_and_nothing_else() -> None:
    assert sorted(sections()) == sorted(all_commands())


@pytest.mark.parametrize(("name", "command"), all_commands().items())
def test_every_option_is_documented_and_nothing_else(name: str, command: TyperCommand) -> None:
    documented = set(re.findall(r"`(--[a-z0-9-]+)`", sections()[name]))
    assert documented == long_options(command)


@pytest.mark.parametrize("name", all_commands())
def test_every_command_has_an_example(name: str) -> None:
    assert f"\nexchange {name}" in sections()[name]


def test_commands_in_all_documents_exist_with_their_options() -> None:
    known = all_commands()
    for name, block in shell_blocks():
        for arguments in exchange_lines(block):
            place = f"{name}, line {block.line}: {arguments}"
            called = " ".join(arguments[:2]) if " ".join(arguments[:2]) in known else arguments[0]
            assert called in known, place
            options = {argument.partition("=")[0] for argument in arguments if argument.startswith("--")}
            assert options <= long_options(known[called]) | HELP, place


# How a clone is called, how the package is where it is installed, and how it is in the image.
CALLS = re.compile(r"(?P<python>\S*python\S*) -m exchange\b")
CLONE, WINDOWS, IMAGE = ".venv/bin/python", r".venv\Scripts\python", "docker compose exec exchange python"


def test_all_documents_call_the_python_that_has_the_packages() -> None:
    for one in all_documents():
        for number, line in enumerate(one.path.read_text(encoding="utf-8").splitlines(), start=1):
            calls = [match["python"].strip("`(") for match in CALLS.finditer(line.replace(IMAGE, ""))]
            assert set(calls) <= {CLONE, WINDOWS}, f"{one.name}, line {number}: {line}"


@pytest.mark.parametrize("name", ["docs/commands.md", "docs/guides/get-credentials.md"])
def test_pages_that_begin_with_a_command_say_how_it_is_on_windows(name: str) -> None:
    text = document(name).path.read_text(encoding="utf-8")
    assert f"`{WINDOWS} -m exchange …`" in text


def test_habits_in_all_documents_exist() -> None:
    for one in all_documents():
        text = one.path.read_text(encoding="utf-8")
        named = set(re.findall(r"`make (?:[A-Z]+=\S+ )?([a-z]+)", text)) | set(re.findall(r"-m tasks ([a-z]+)", text))
        assert named <= set(tasks.HABITS), f"{one.name} names {sorted(named - set(tasks.HABITS))}"


def test_the_readme_names_the_two_habits_on_every_system() -> None:
    words = document("README.md").code_words()
    assert {"make demo", "make test", "python -m tasks demo", "python -m tasks test"} <= words


def examples() -> list[Block]:
    """The blocks of docs/commands.md that are run; those of other pages are checked by name."""
    blocks = [block for name, block in shell_blocks() if name == "docs/commands.md"]
    return [block for block in blocks if not any(key == "not run" for key, _ in block.steering)]


@pytest.mark.parametrize("block", examples(), ids=lambda block: f"line {block.line}")
def test_examples_run(block: Block, exchange: SeededExchange, tmp_path: Path) -> None:
    for arguments in exchange_lines(block):
        if arguments[0] == "demo":  # it brings a server of its own
            check_demo(arguments, tmp_path)
            continue
        done = run(arguments, exchange.directory)
        assert done.exit_code == 0, f"{arguments}: {done.output}"
        assert done.stdout.strip(), arguments


def run(arguments: list[str], directory: Path) -> Result:
    """A command on an embedded database: in this process, because starting Python costs more than most commands."""
    environment = dict.fromkeys(variables()) | {"EXCHANGE_GRAPH_URI": f"embedded:{directory}"}
    return CliRunner().invoke(commands, arguments, env=environment)


def check_demo(arguments: list[str], directory: Path) -> None:
    """What `make demo` starts, as a process of its own: it has to answer its own question over HTTP."""
    environment = {**os.environ, **dict.fromkeys(variables(), ""), "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "exchange", *arguments],
        cwd=ROOT,
        env=environment | {"EXCHANGE_GRAPH_URI": f"embedded:{directory}"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "kg CO2e" in done.stdout
    assert '"pcfExcludingBiogenicUptake": "' in done.stdout


def test_wrong_use_and_failure_have_their_exit_codes(exchange: SeededExchange) -> None:
    assert run(["rollup"], exchange.directory).exit_code == 2
    failed = run(["rollup", "no such product"], exchange.directory)
    assert failed.exit_code == 1
    assert "NOT_FOUND" in failed.stderr


def test_the_columns_of_a_model_are_documented() -> None:
    words = document("docs/guides/import-a-dataset.md").code_words()
    assert {*PRODUCT_COLUMNS, *INPUT_COLUMNS, PRODUCTS_FILE, *INPUTS_FILES} <= words
