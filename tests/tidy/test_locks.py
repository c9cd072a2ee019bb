"""Locks hold exact versions with hashes, follow pyproject.toml, and name no place to download from."""

import re
import tomllib
from collections.abc import Iterator

import pytest

import tasks
from tests.tidy.sources import ROOT

PINNED = re.compile(r"^(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>[^\s;]+)(?P<marker> ; [^\\]+)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")
# Names of people's registries do not belong into a lock: whoever installs has their own.
ADDRESS = re.compile(r"https?://|--(extra-)?index-url|--find-links|--trusted-host|(?<![\w-])-[if] ")


def lock_complaints(name: str, text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), 1):
        if ADDRESS.search(line):
            yield f"{name}:{number}: an address: {line.strip()}"
        elif not (PINNED.match(line) or HASH.match(line) or line.lstrip().startswith("#")):
            yield f"{name}:{number}: not an exact version with hashes: {line.strip()}"


def pinned(name: str) -> dict[str, set[str]]:
    """Package to its versions; more than one where a marker chooses."""
    found: dict[str, set[str]] = {}
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        if match := PINNED.match(line):
            found.setdefault(match["name"], set()).add(match["version"])
    return found


def wanted(*groups: list[str]) -> set[str]:
    names = (re.match(r"[A-Za-z0-9._-]+", entry) for group in groups for entry in group)
    return {re.sub(r"[-_.]+", "-", match[0]).lower() for match in names if match}


@pytest.mark.parametrize("name", tasks.LOCK_SOURCES)
def test_locks_are_exact_and_name_no_address(name):
    assert not list(lock_complaints(name, (ROOT / name).read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://packages.example/simple",
        "-i https://packages.example/simple",
        "--find-links /wheels",
        "thing @ https://packages.example/thing.whl \\",
        "    # from https://packages.example",
        "thing>=1 \\",
        "thing==1",
        "    --hash=md5:00",
    ],
)
def test_an_address_or_a_loose_version_is_found(line):
    assert list(lock_complaints("x.lock", line))


def test_locks_hold_what_pyproject_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    running = project["project"]["dependencies"]
    extras = project["project"]["optional-dependencies"]
    asked = {
        tasks.RUNNING: wanted(running),
        tasks.EMBEDDED: wanted(running, extras["embedded"]),
        tasks.DEV: wanted(running, project["dependency-groups"]["dev"]),
        tasks.ORACLE: wanted(running, extras["oracle"]),
    }
    assert asked.keys() == tasks.LOCK_SOURCES.keys()
    assert {name: names - pinned(name).keys() for name, names in asked.items()} == {name: set() for name in asked}


def test_locks_agree_with_each_other():
    running = pinned(tasks.RUNNING)
    for name in tasks.LOCK_SOURCES:
        versions = pinned(name)
        assert {package: versions.get(package) for package in running} == running, name


def test_no_javascript_lock_names_an_address():
    locks = [*ROOT.glob("package-lock.json"), *ROOT.glob("*/package-lock.json")]
    assert not [file for file in locks if '"resolved"' in file.read_text(encoding="utf-8")]
