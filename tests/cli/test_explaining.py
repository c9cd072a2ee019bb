"""`exchange explain` writes a file whole, and `exchange verify` recomputes it: anywhere, from nothing but the file."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import seed
from exchange.app import running_exchange
from exchange.cli import commands, explaining, files
from exchange.config import Settings
from exchange.errors import InvalidInput
from exchange.importers.model_files import read_model
from exchange.importers.useeio import ModelRelease, import_model

AS_OF = str(seed.AS_OF)
CAR = "Electric car Zephyr"
ROOT = Path(__file__).resolve().parents[2]
SHOWN = ("explain", CAR, "--as-of", AS_OF, "--known-at", "2099-01-01T00:00:00Z", "--as", "swiftwind.example")


@pytest.fixture(scope="module", autouse=True)
def seeded(database) -> None:
    async def publish() -> None:
        from exchange.importers.demo_data import publish_seed

        async with running_exchange(Settings(data_directory=database.directory), attach=True) as exchange:
            await publish_seed(exchange, seed.load())

    asyncio.run(publish())


def verify(*arguments: str | Path, stdin: bytes | None = None) -> Result:
    """With nothing set: no exchange is meant."""
    return CliRunner().invoke(commands, ["verify", *map(str, arguments)], input=stdin)


@pytest.fixture
def written(exchange, tmp_path) -> Path:
    path: Path = tmp_path / "car.explain.json"
    done = exchange(*SHOWN, "-o", str(path))
    assert done.exit_code == 0, done.output
    return path


def test_a_written_file_verifies_and_has_the_digest_of_the_answer(exchange, written):
    answer = json.loads(exchange("rollup", CAR, "--as-of", AS_OF, "--as", "swiftwind.example", "--json").stdout)
    done = verify(written, "--against", answer["digest"], "--json")
    assert done.exit_code == 0, done.output
    fields = json.loads(done.stdout)
    assert (fields["verdict"], fields["digest"], fields["differences"]) == ("EQUAL", answer["digest"], [])
    assert fields["shown"]["pcfExcludingBiogenicUptake"] == answer["pcfExcludingBiogenicUptake"]
    recomputed = {name: float(number) for name, number in fields["recomputed"].items()}
    off = abs(recomputed["pcfExcludingBiogenicUptake"] - float(answer["pcfExcludingBiogenicUptake"]))
    assert off <= recomputed["roundingOfInputs"] + recomputed["arithmetic"] < 1e-3


def test_people_are_told_what_was_found_and_what_was_not(written):
    done = verify(written)
    assert done.exit_code == 0
    assert done.stdout.startswith(f"equal  {CAR}  ")
    assert "may differ by" in done.stdout
    assert "compare it with --against" in done.stdout
    digest = json.loads(written.read_text(encoding="utf-8"))["digest"]
    assert "Its digest is the one stated." in verify(written, "--against", digest.upper().replace("SHA", "sha")).stdout


def test_standard_output_and_a_file_have_the_same_bytes(exchange, written):
    done = exchange(*SHOWN)
    text = written.read_text(encoding="utf-8")
    known = json.loads(text)["shown"]["result"]["knownAt"]
    again = json.loads(done.stdout)["shown"]["result"]["knownAt"]
    digest = json.loads(text)["checksums"]["result"]
    assert done.stdout.replace(again, known).replace(json.loads(done.stdout)["checksums"]["result"], digest) == text
    assert verify("-", stdin=done.stdout.encode()).exit_code == 0


def test_a_changed_file_differs_and_the_place_is_named(written):
    document = json.loads(written.read_text(encoding="utf-8"))
    entry = next(one for one in document["inputs"]["products"] if one["lines"])
    entry["lines"][0]["factor"] = "123.456"
    written.write_text(json.dumps(document), encoding="utf-8")
    done = verify(written, "--json")
    assert done.exit_code == 1
    fields = json.loads(done.stdout)
    assert fields["verdict"] == "DIFFERS"
    found = {(one["footprint"], one["field"]) for one in fields["differences"]}
    assert {(None, "digest"), (entry["footprint"], "inputs.lines")} <= found
    assert any(field.startswith("components.") for footprint, field in found if footprint == entry["footprint"])
    page = verify(written)
    assert page.exit_code == 1
    assert page.stdout.startswith("differs  ")
    assert f"(footprint {entry['footprint']}), inputs.lines\n" in page.stdout


def test_another_digest_differs(written):
    done = verify(written, "--against", "sha256:" + "0" * 64, "--json")
    assert done.exit_code == 1
    assert [one["field"] for one in json.loads(done.stdout)["differences"]] == ["against"]


@pytest.mark.parametrize(
    "arguments",
    [(), ("no-such-file.json",), (".",), ("a\0b",), ("x", "--against", "sha256:12"), ("x", "--against", "x")],
    ids=["none", "no file", "a folder", "no name", "a short digest", "no digest"],
)
def test_wrong_use_is_2_and_says_what_was_wrong(arguments):
    done = verify(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    assert json.loads(verify(*arguments, "--json").stderr)["error"]["code"] == "INVALID_INPUT"


@pytest.mark.parametrize("part", [0, 1, 17, 1000, -2])
def test_a_file_that_was_cut_off_is_1_and_never_a_traceback(written, part):
    written.write_bytes(written.read_bytes()[:part])
    done = verify(written, "--json")
    assert (done.exit_code, done.stdout) == (1, "")
    error = json.loads(done.stderr)["error"]
    assert error["code"] == "INVALID_INPUT"
    assert "cut off" in error["message"] or "is empty" in error["message"]
    assert "Traceback" not in verify(written).output


def test_a_name_that_steers_a_terminal_is_written_out(written):
    document = json.loads(written.read_text(encoding="utf-8"))
    for product in document["shown"]["products"]:
        product["name"] = "\x1b[2J[bold]x[/]\u202e"
    written.write_text(json.dumps(document), encoding="utf-8")
    done = verify(written)
    assert done.exit_code == 1
    assert "\x1b" not in done.output
    assert "\u202e" not in done.output
    assert "\\u001b[2J[bold]x[/]" in done.output


def test_verify_needs_no_environment_no_folder_and_no_network(written, tmp_path):
    """In a process of its own with nothing set, where sockets and child processes are forbidden."""
    empty = tmp_path / "empty"
    empty.mkdir()
    guarded = (
        "import sys\n"
        "def forbid(event, arguments):\n"
        "    if event.split('.')[0] in {'socket', 'subprocess'} or event in {'os.system', 'os.exec', 'os.mkdir'}:\n"
        "        raise SystemExit(f'{event} {arguments}')\n"
        "from exchange.cli import main\n"
        "sys.addaudithook(forbid)\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", guarded, "verify", str(written)],
        cwd=empty,
        env={"PYTHONPATH": str(ROOT), **({"SYSTEMROOT": os.environ["SYSTEMROOT"]} if os.name == "nt" else {})},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("equal")
    assert not list(empty.iterdir())


def test_a_file_that_is_there_is_not_overwritten_unless_it_is_said(exchange, written):
    before = written.read_bytes()
    written.write_text("mine", encoding="utf-8")
    refused = exchange(*SHOWN, "-o", str(written))
    assert refused.exit_code == 1
    assert "is there already" in refused.stderr
    assert written.read_text(encoding="utf-8") == "mine"
    done = exchange(*SHOWN, "-o", str(written), "--force", "--json")
    assert done.exit_code == 0, done.output
    fields = json.loads(done.stdout)
    assert fields["bytes"] == len(written.read_bytes())  # not that of the other: a time may have fewer digits
    assert fields["digest"] == json.loads(before)["digest"]
    assert [path.name for path in written.parent.iterdir()] == [written.name]


@pytest.mark.parametrize("place", ["folder", "folder/none/x.json"])
def test_what_cannot_be_written_is_said_and_leaves_nothing(exchange, tmp_path, place):
    (tmp_path / "folder").mkdir()
    done = exchange(*SHOWN, "-o", str(tmp_path / place))
    assert done.exit_code == 1
    assert done.stderr.startswith("INVALID_INPUT")
    assert not list((tmp_path / "folder").iterdir())


@pytest.mark.parametrize("force", [True, False])
def test_a_file_is_whole_or_not_there(tmp_path, monkeypatch, force):
    path = tmp_path / "x.json"

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("exchange.cli.files.os.fsync", full)
    with pytest.raises(InvalidInput, match="No space left"):
        files.write_whole("text", path, force=force)
    assert not list(tmp_path.iterdir())


def test_who_is_first_wins(tmp_path):
    """Somebody makes the file after it was looked for."""
    path = tmp_path / "x.json"
    files.refuse_what_is_there(path, force=False)
    path.write_text("first", encoding="utf-8")
    with pytest.raises(InvalidInput, match="there already"):
        files.write_whole("second", path, force=False)
    assert path.read_text(encoding="utf-8") == "first"


def test_each_viewer_gets_the_file_of_its_own_view(exchange, tmp_path):
    names = {}
    for viewer in ("swiftwind.example", "Corner"):
        path = tmp_path / f"{viewer}.json"
        assert exchange("explain", CAR, "--as-of", AS_OF, "--as", viewer, "-o", str(path)).exit_code == 0
        assert verify(path).exit_code == 0
        document = json.loads(path.read_text(encoding="utf-8"))
        names[viewer] = {product["name"] for product in document["shown"]["products"]}
        assert "orner" not in path.read_text(encoding="utf-8")  # not whose view it is
    assert names["Corner"] == {CAR} < names["swiftwind.example"]
    stranger = exchange("explain", CAR, "--as-of", AS_OF, "--as", "seamwork.example", "-o", str(tmp_path / "no.json"))
    assert (stranger.exit_code, stranger.stderr.split()[0]) == (1, "NOT_FOUND")
    assert not (tmp_path / "no.json").exists()


def test_a_product_without_a_result_has_no_file(exchange, tmp_path):
    done = exchange("explain", CAR, "--as-of", "2101-01-01", "-o", str(tmp_path / "no.json"))
    assert done.exit_code == 1
    assert done.stderr.startswith("ROLL_UP_REFUSED EXPIRED: ")
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_too_large_is_not_read_to_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr(explaining, "FILE_BYTES_MAX", 10)
    monkeypatch.setattr("exchange.rollup.explain_reading.FILE_BYTES_MAX", 10)
    path = tmp_path / "large.json"
    path.write_bytes(b"[" * 1000)
    assert "more than 10 bytes" in verify(path).stderr
    assert len(explaining._content(str(path))) == 11


def test_the_largest_product_of_a_model_is_explained_and_verified(exchange, database, data_dir, tmp_path):
    """Every line, as the operator sees them."""

    async def publish() -> None:
        async with running_exchange(Settings(data_directory=database.directory), attach=True) as one:
            await import_model(one, read_model(data_dir / "useeio"), ModelRelease())

    asyncio.run(publish())
    product = next(one for one in read_model(data_dir / "useeio").products if one.code == "2332A0")
    path = tmp_path / "largest.json"
    done = exchange("explain", f"urn:pact:useeio.example:product-id:{product.code}", "--as-of", AS_OF, "-o", str(path))
    assert done.exit_code == 0, done.output
    fields = json.loads(verify(path, "--json").stdout)
    assert fields["verdict"] == "EQUAL"
    assert (fields["products"], fields["lines"]) == (384, 86_735)
    off = abs(float(fields["recomputed"]["pcfExcludingBiogenicUptake"]) - float(product.published_total_kg_co2e))
    assert off < 1e-9
