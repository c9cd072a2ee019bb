"""Commands do what they say on a database that a server holds, print JSON that parses, and end with the right code."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import networkx as nx
import pytest
from typer.testing import CliRunner, Result

import seed
from exchange.app import running_exchange
from exchange.cli import commands
from exchange.config import Settings, variables
from exchange.graph.embedded import EmbeddedDatabase
from tests.importers.catalogues import reported, write_catalogue
from tests.importers.models import INPUTS_HEADER, write_model

AS_OF = str(seed.AS_OF)
CAR = "Electric car Zephyr"
CAR_KG = 11583.604214


@pytest.fixture(autouse=True)
def seeded(exchange) -> None:
    """Every test finds the seed there; publishing it again changes nothing."""
    if "seeded" not in _DONE:
        assert exchange("seed").exit_code == 0
        _DONE.add("seeded")


_DONE: set[str] = set()


@pytest.fixture(scope="module", autouse=True)
def _forget() -> None:
    _DONE.clear()


def head(exchange) -> str:
    """How many changes the ledger has."""
    checks = {check["what"]: check["found"] for check in json.loads(exchange("doctor", "--json").stdout)["checks"]}
    found = re.search(r"([0-9]+) changes", checks["content"])
    assert found
    return found[1]


def test_the_seed_again_leaves_the_ledger_alone(exchange):
    before = head(exchange)
    again = json.loads(exchange("seed", "--json").stdout)
    assert again["changes"] == 0
    assert again["products"] == 75
    assert head(exchange) == before
    assert "there already" in exchange("seed").stdout


@pytest.mark.parametrize("called", [CAR, CAR.upper(), "zephyr", "urn:pact:swiftwind.example:product-id:electric-car"])
def test_a_product_is_found_by_what_people_call_it(exchange, called):
    done = exchange("rollup", called, "--as-of", AS_OF, "--json")
    assert done.exit_code == 0, done.output
    fields = json.loads(done.stdout)
    assert fields["product"]["name"] == CAR
    assert float(fields["pcfExcludingBiogenicUptake"]) == pytest.approx(CAR_KG, rel=1e-9)
    assert fields["digest"].startswith("sha256:")
    assert fields["ledgerSequence"].isdigit()


def test_a_product_is_found_by_both_kinds_of_id(exchange):
    exported = json.loads(exchange("graph", "export", CAR, "--as-of", AS_OF, "--format", "node-link").stdout)
    [uuid] = [node["id"] for node in exported["nodes"] if node.get("root")]
    global_id = b64encode(f"Product:{uuid}".encode()).decode().rstrip("=")
    for called in (uuid, uuid.upper(), global_id):
        done = exchange("rollup", called, "--as-of", AS_OF, "--json")
        assert json.loads(done.stdout)["product"]["name"] == CAR


def test_an_ambiguous_name_lists_who_is_meant(exchange):
    done = exchange("rollup", "Electricity", "--as-of", AS_OF)
    assert done.exit_code == 1
    assert not done.stdout
    assert "Name one by its URN or id" in done.stderr
    assert "urn:pact:steppe.example:product-id:grid-power" in done.stderr


@pytest.mark.parametrize("called", ["no such thing", "urn:pact:nobody.example:product-id:x", "", "'; DROP"])
def test_an_unknown_product_is_a_failure_that_helps(exchange, called):
    done = exchange("rollup", called, "--as-of", AS_OF)
    assert done.exit_code == 1
    assert "NOT_FOUND" in done.stderr
    assert "Traceback" not in done.output


def test_each_viewer_gets_its_own_view(exchange):
    owner = json.loads(exchange("rollup", CAR, "--as-of", AS_OF, "--as", "swiftwind.example", "--json").stdout)
    dealer = json.loads(exchange("rollup", CAR, "--as-of", AS_OF, "--as", "Corner", "--json").stdout)
    assert owner["pcfExcludingBiogenicUptake"] == dealer["pcfExcludingBiogenicUptake"]
    assert owner["gaps"]
    assert dealer["gaps"] == []
    assert dealer["direct"] is None
    assert dealer["ledgerSequence"] is None
    assert len(owner["contributions"]) > len(dealer["contributions"]) == 1
    stranger = exchange("rollup", CAR, "--as-of", AS_OF, "--as", "seamwork.example")
    unknown = exchange("rollup", CAR.replace("car", "cat"), "--as-of", AS_OF, "--as", "seamwork.example")
    assert (stranger.exit_code, unknown.exit_code) == (1, 1)
    assert stranger.stderr.replace(CAR, "") == unknown.stderr.replace(CAR.replace("car", "cat"), "")


def test_every_product_in_the_json_is_named(exchange):
    fields = json.loads(exchange("rollup", CAR, "--as-of", AS_OF, "--tree", "--json").stdout)
    assert len(fields["contributions"]) == 20
    assert all(one["product"]["owner"]["name"] for one in fields["contributions"])

    def walk(node):
        assert node["product"]["name"]
        assert node["product"]["id"]
        for child in node["children"]:
            walk(child)

    walk(fields["tree"]["root"])
    assert len(fields["tree"]["root"]["children"]) > 5
    assert all(gap["consumer"]["name"] for gap in fields["gaps"])


def test_the_page_for_people_says_what_matters(exchange):
    done = exchange("rollup", CAR, "--as-of", AS_OF, "--as", "swiftwind.example", "--tree")
    assert done.exit_code == 0, done.output
    for words in (
        CAR,
        "11583.604214 kg CO2e",
        "per 1 piece",
        "certified between",
        "NOT_GRANTED",
        "Where it comes from",
    ):
        assert words in done.stdout
    assert "Battery pack, 60.48 kWh" in done.stdout
    assert "explain" in done.stdout
    assert "sha256:" in done.stdout
    assert "\x1b[" not in done.stdout  # no colours in a pipe


@pytest.mark.parametrize(
    ("dates", "code"),
    [
        (("--as-of", "2001-01-01"), "NOT_YET_VALID"),
        (("--as-of", "2101-01-01"), "EXPIRED"),
        (("--as-of", AS_OF, "--known-at", "2020-01-01T00:00:00Z"), "NO_FOOTPRINT"),
    ],
    ids=["before", "after", "not known yet"],
)
def test_another_day_is_another_answer_or_a_refusal_that_says_why(exchange, dates, code):
    refused = exchange("rollup", CAR, *dates)
    assert refused.exit_code == 1
    assert refused.stderr.startswith(f"ROLL_UP_REFUSED {code}: ")
    assert not refused.stdout
    as_json = exchange("rollup", CAR, *dates, "--json")
    assert as_json.exit_code == 1
    error = json.loads(as_json.stderr)["error"]
    assert (error["code"], error["refusal"], error["retryable"]) == ("ROLL_UP_REFUSED", {"code": code}, False)
    assert error["message"]
    assert not as_json.stdout


def test_organizations_and_clients_are_added(exchange):
    done = exchange("organization", "add", "Acme 钢铁", "--domain", "ACME.example", "--gs1-prefix", "4012345", "--json")
    assert done.exit_code == 0, done.output
    added = json.loads(done.stdout)
    assert added["domains"] == ["acme.example"]
    listed = json.loads(exchange("organization", "list", "--json").stdout)
    assert added in listed
    assert [one["name"] for one in listed] == sorted((one["name"] for one in listed), key=str.casefold)
    assert "Acme 钢铁" in exchange("organization", "list").stdout

    child = json.loads(
        exchange(
            "organization", "add", "Acme Child", "--domain", "child.example", "--group", "acme.example", "--json"
        ).stdout
    )
    assert child["groupId"] == added["id"]

    client = json.loads(exchange("client", "add", "acme.example", "--json").stdout)
    assert client["organization"] == added["id"]
    assert client["scopes"] == ["READ", "PUBLISH"]
    assert client["clientSecret"].startswith("fxs_")
    only_read = exchange("client", "add", added["id"], "--scope", "read")
    assert only_read.exit_code == 0
    assert "scopes READ" in only_read.stdout
    assert "PUBLISH" not in only_read.stdout


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("organization", "add", "Twice", "--domain", "swiftwind.example"), "CONFLICT"),
        (("organization", "add", "Bad", "--domain", "not a domain", "--gs1-prefix", "x"), "INVALID_INPUT"),
        (("organization", "add", "Bad", "--domain", "bad.example", "--group", "nobody.example"), "NOT_FOUND"),
        (("client", "add", "nobody.example"), "NOT_FOUND"),
        (("rollup", CAR, "--as", "nobody.example"), "NOT_FOUND"),
        (("import", "useeio", "/no/such/folder"), "INVALID_INPUT"),
        (("import", "carbon-catalogue", "/no/such/folder"), "INVALID_INPUT"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value[:3]),
)
def test_a_refusal_changes_nothing_and_is_one(exchange, arguments, code):
    before = head(exchange)
    done = exchange(*arguments)
    assert done.exit_code == 1
    assert done.stderr.startswith(code)
    assert "Traceback" not in done.output
    as_json = exchange(*arguments, "--json")
    assert as_json.exit_code == 1
    assert json.loads(as_json.stderr)["error"]["code"] == code
    assert not as_json.stdout
    assert head(exchange) == before


def test_all_problems_of_an_input_are_listed(exchange):
    done = exchange("organization", "add", "Bad", "--domain", "not a domain", "--gs1-prefix", "x")
    assert "is not a domain name" in done.stderr
    assert "is not a GS1 company prefix" in done.stderr


def test_a_bad_model_changes_nothing_and_a_good_one_is_imported(exchange, tmp_path):
    before = head(exchange)
    bad = exchange("import", "useeio", str(write_model(tmp_path / "bad", inputs=INPUTS_HEADER + "P,X,1\nP,C,nan\n")))
    assert bad.exit_code == 1
    assert "inputs.csv line 2 supplier" in bad.stderr
    assert "inputs.csv line 3 amount_usd_per_usd" in bad.stderr
    assert head(exchange) == before
    done = exchange("import", "useeio", str(write_model(tmp_path / "good")), "--label", "tiny", "--json")
    assert done.exit_code == 0, done.output
    fields = json.loads(done.stdout)
    assert (fields["products"], fields["lines"], fields["label"]) == (2, 2, "tiny")
    assert fields["totals"]["equal"] == 2
    shown = exchange("rollup", "urn:pact:useeio.example:product-id:P")
    assert "per 1 USD of 2012" in shown.stdout
    assert exchange("import", "useeio", str(tmp_path / "good"), "--label", "tiny").stdout.startswith(
        "Everything was there"
    )


def test_a_bad_catalogue_changes_nothing_and_a_good_one_is_imported(exchange, tmp_path):
    before = head(exchange)
    row = reported("9-1-2016", "0", "1")
    bad = exchange("import", "carbon-catalogue", str(write_catalogue(tmp_path / "bad", products=[row], stages=[])))
    assert bad.exit_code == 1
    assert "products.csv line 2 Product weight (kg)" in bad.stderr
    assert head(exchange) == before
    good = str(write_catalogue(tmp_path / "good"))
    done = exchange("import", "carbon-catalogue", good, "--json")
    assert done.exit_code == 0, done.output
    fields = json.loads(done.stdout)
    assert (fields["organizations"], fields["products"], fields["footprints"], fields["withStages"]) == (2, 2, 3, 1)
    refused = exchange("rollup", "urn:pact:7.carbon-catalogue.example:product-id:1", "--as-of", "2018-06-01")
    assert refused.exit_code == 1
    assert "OTHER_BOUNDARY" in refused.stderr
    assert exchange("import", "carbon-catalogue", good).stdout.startswith("Everything was there")


def test_graphs_are_written_and_read_again(exchange, tmp_path):
    options = ("--as-of", AS_OF, "-o")
    for name in ("car.graphml", "car.json", "car.svg"):
        done = exchange("graph", "export", CAR, *options, str(tmp_path / name))
        assert done.exit_code == 0, done.output
    graph = nx.read_graphml(tmp_path / "car.graphml", force_multigraph=True)
    linked = nx.node_link_graph(json.loads((tmp_path / "car.json").read_text(encoding="utf-8")), edges="edges")
    assert set(graph.nodes) == set(linked.nodes)
    assert graph.number_of_edges() == linked.number_of_edges() > 100
    products = [data for _, data in graph.nodes(data=True) if data["kind"] == "product"]
    assert sum(float(data["ownKgCo2e"]) for data in products) == pytest.approx(CAR_KG, rel=1e-6)
    picture = (tmp_path / "car.svg").read_text(encoding="utf-8")
    assert picture.startswith("<svg")
    exported = exchange(
        "graph", "export", CAR, "--as-of", AS_OF, "--as", "corner-dealer.example", "--format", "graphml"
    )
    leaf = nx.read_graphml(io.BytesIO(exported.stdout.encode()))
    assert len(leaf) == 1


@pytest.mark.parametrize(("name", "ends"), [("car.xyz", "ends in .xyz"), ("car", "has no ending")])
def test_a_file_of_an_unknown_kind_is_refused_with_the_known_ones(exchange, tmp_path, name, ends):
    done = exchange("graph", "export", CAR, "-o", str(tmp_path / name))
    assert done.exit_code == 2
    said = f"{name} {ends}, which is none of .graphml, .json and .svg. Say what to write: --format graphml, "
    assert said + "node-link or svg, or name the file so." in " ".join(done.stderr.split())
    assert not (tmp_path / name).exists()


def test_a_file_that_cannot_be_written_is_said(exchange, tmp_path):
    done = exchange("graph", "draw-seed", "-o", str(tmp_path / "missing" / "graph.svg"))
    assert done.exit_code == 1
    assert "cannot be written" in done.stderr


def test_the_schema_is_printed(exchange):
    done = exchange("schema")
    assert done.exit_code == 0
    assert "type Query" in done.stdout
    assert done.stdout.endswith("\nunion WhatIfResult = RollUpRefused | ScenariosInvalid | WhatIf\n")


def test_the_doctor_finds_everything_well(exchange):
    done = exchange("doctor")
    assert done.exit_code == 0, done.output
    assert "Everything is well." in done.stdout
    assert re.search(r"[0-9]+ products, [0-9]+ footprints", done.stdout)


def test_the_doctor_says_what_is_wrong_and_what_to_do():
    environment = {"EXCHANGE_GRAPH_URI": "bolt://127.0.0.1:1", "EXCHANGE_GRAPH_PASSWORD": "secret-word"}
    done = CliRunner().invoke(commands, ["doctor", "--json"], env=environment)
    assert done.exit_code == 1
    assert "secret-word" not in done.output
    checks = {check["what"]: check for check in json.loads(done.stdout)["checks"]}
    assert not checks["database"]["well"]
    assert "STORE_UNAVAILABLE" in checks["database"]["found"]
    wrong = CliRunner().invoke(commands, ["doctor"], env={"EXCHANGE_GRAPH_URL": "bolt://localhost"})
    assert wrong.exit_code == 1
    assert "did you mean EXCHANGE_GRAPH_URI?" in wrong.stdout


def test_a_database_that_does_not_answer_is_a_failure_that_may_pass():
    environment = {"EXCHANGE_GRAPH_URI": "bolt://127.0.0.1:1", "EXCHANGE_GRAPH_PASSWORD": "secret-word"}
    done = CliRunner().invoke(commands, ["organization", "list"], env=environment)
    assert done.exit_code == 1
    assert done.stderr.startswith("STORE_UNAVAILABLE")
    assert "try again" in done.stderr
    assert not done.stdout


def test_the_demo_answers_its_own_question_and_ends(tmp_path: Path):
    pytest.importorskip("arcadedb_embedded")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EXCHANGE_")}
    environment |= {"EXCHANGE_DATA_DIRECTORY": str(tmp_path), "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "exchange", "demo", "--once"]
    root = Path(seed.__file__).parent.parent
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, timeout=300, check=False)
    text = done.stdout.decode("utf-8")
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    assert "11583.604214 kg CO2e" in text
    answer = json.loads(text[text.rindex('{\n  "data"') :])
    assert answer["data"]["product"]["cradleToGate"]["pcfExcludingBiogenicUptake"] == "2.32934342873"
    demo = tmp_path / "demo"
    assert demo.is_dir()
    way = f"set EXCHANGE_DATA_DIRECTORY={demo} to reach it"

    def at(directory: Path, *arguments: str) -> Result:
        own = dict.fromkeys(variables()) | {"EXCHANGE_DATA_DIRECTORY": str(directory)}
        return CliRunner().invoke(commands, arguments, env=own)

    def pointed() -> dict[str, dict[str, str]]:
        """What the doctor finds beside the demo, once it and a command that finds nothing have said where that is."""
        found = {check["what"]: check for check in json.loads(at(tmp_path, "doctor", "--json").stdout)["checks"]}
        assert (found["demo"]["found"], way in found["demo"]["advice"]) == (str(demo), True)
        elsewhere = json.loads(at(tmp_path, "rollup", CAR, "--json").stderr)["error"]
        assert (elsewhere["code"], way in elsewhere["message"]) == ("NOT_FOUND", True)
        return found

    assert pointed()["database"]["found"] == f"embedded:{tmp_path}: none yet"
    assert list(tmp_path.iterdir()) == [demo]
    begin(tmp_path)
    assert pointed()["content"]["found"].startswith("0 organizations")
    listed = at(tmp_path, "organization", "list").stdout
    assert "There are none yet" in listed
    assert way in listed
    there = json.loads(at(demo, "rollup", CAR, "--as-of", AS_OF, "--json").stdout)
    assert there["pcfExcludingBiogenicUptake"].startswith("11583.6")
    assert "of `exchange demo`" in at(demo, "doctor").stdout


def begin(directory: Path) -> None:
    """An empty exchange, as a server that ran once leaves it."""
    database = EmbeddedDatabase(directory, heap_megabytes=512)
    database.start()
    database.stop()


def test_what_an_older_database_holds_does_not_steer_the_terminal(exchange, database):
    """Such names are refused now; the database has one all the same."""
    made = json.loads(exchange("organization", "add", "Plain Inc", "--domain", "plain.example", "--json").stdout)
    steering = "Pl\x1b[2J\x9b1mai\u202en\x7f Inc"

    async def rename() -> None:
        settings = Settings(data_directory=database.directory)
        async with running_exchange(settings, attach=True) as running:
            statement = "MATCH (o:Organization {id: $id}) SET o.name = $name RETURN o.name"
            assert await running.store._raw.alter(statement, id=made["id"], name=steering) == [[steering]]

    asyncio.run(rename())
    shown = "Pl\\u001b[2J\\u009b1mai\\u202en\\u007f Inc"
    table, listed = exchange("organization", "list").stdout, exchange("organization", "list", "--json").stdout
    assert exchange("organization", "add", "Other Inc", "--domain", "other-inc.example").exit_code == 0
    ambiguous = exchange("client", "add", "Inc").stderr
    assert steering in [one["name"] for one in json.loads(listed)]
    for text in (table, listed, ambiguous):
        assert shown in text
        assert not {"\x1b", "\x9b", "\u202e", "\x7f"} & set(text)


def test_names_that_steer_a_terminal_are_refused(exchange):
    before = head(exchange)
    refused = exchange("organization", "add", "Pl\x1b[2Jain", "--domain", "plain2.example", "--json")
    assert refused.exit_code == 1
    [problem] = json.loads(refused.stderr)["error"]["problems"]
    assert (problem["code"], problem["got"]) == ("TEXT_INVALID", "U+001B")
    assert head(exchange) == before
