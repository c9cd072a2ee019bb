"""docker-compose.yml and the Dockerfile: health checks, a volume, no password in a file, locked packages."""

import json
import os
import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml

from tests.tidy.sources import ROOT

COMPOSE = ROOT / "docker-compose.yml"


def compose_complaints(text: str) -> list[str]:
    """What is missing for a compose file that can be started, watched and kept."""
    config: dict[str, Any] = yaml.safe_load(text)
    services = config["services"]
    found = [f"{name}: no health check" for name, service in services.items() if not service.get("healthcheck")]
    mounts = services["neo4j"].get("volumes", [])
    if not any(mount.split(":")[0] in config.get("volumes", {}) and mount.endswith(":/data") for mount in mounts):
        found.append("neo4j: its data is not on a named volume")
    if not services["neo4j"]["image"].startswith("neo4j:5"):
        found.append("neo4j: not version 5")
    for name, service in services.items():
        for key, value in service.get("environment", {}).items():
            secret = key == "NEO4J_AUTH" or "PASSWORD" in key
            if secret and not re.fullmatch(r"(neo4j/)?\$\{NEO4J_PASSWORD:\?[^}]+\}", str(value)):
                found.append(f"{name}: {key} is not taken from the environment alone")
    waits_for = services["exchange"].get("depends_on", {})
    if waits_for.get("neo4j") != {"condition": "service_healthy"}:
        found.append("exchange: does not wait for a healthy neo4j")
    return found


def test_compose_has_health_checks_a_volume_and_no_password():
    assert compose_complaints(COMPOSE.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("    healthcheck:\n      test: [", "    unused:\n      test: [", "neo4j: no health check"),
        ("neo4j-data:/data", "/data", "neo4j: its data is not on a named volume"),
        ("neo4j:5-community", "neo4j:latest", "neo4j: not version 5"),
        (
            "NEO4J_AUTH: neo4j/$",
            "NEO4J_AUTH: neo4j/secret$",
            "neo4j: NEO4J_AUTH is not taken from the environment alone",
        ),
        (":?set NEO4J_PASSWORD", ":-set", "exchange: EXCHANGE_GRAPH_PASSWORD is not taken from the environment alone"),
        ("service_healthy", "service_started", "exchange: does not wait for a healthy neo4j"),
    ],
)
def test_a_weaker_compose_file_is_found(before, after, complaint):
    text = COMPOSE.read_text(encoding="utf-8")
    assert before in text
    assert complaint in compose_complaints(text.replace(before, after))


def test_compose_itself_accepts_the_file():
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("needs a docker client with compose")
    command = [docker, "compose", "--file", str(COMPOSE), "config", "--format", "json"]

    def config(password: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "NEO4J_PASSWORD": password}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    accepted = config("a-long-password")
    assert accepted.returncode == 0, accepted.stderr
    services = json.loads(accepted.stdout)["services"]
    assert services["neo4j"]["environment"]["NEO4J_AUTH"] == "neo4j/a-long-password"
    refused = config("")
    assert refused.returncode != 0
    assert "NEO4J_PASSWORD" in refused.stderr


def test_the_image_installs_the_lock_runs_as_nobody_special_and_is_watched():
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    for needed in ("--require-hashes", "-r requirements.lock", "\nUSER ", "\nHEALTHCHECK ", "/healthz"):
        assert needed in lines, needed
    assert "password" not in lines.lower()


def test_the_image_gets_nothing_it_does_not_need():
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert ignored[0] == "*"
    copied = re.findall(r"^COPY (\S+)", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert {line[1:] for line in ignored if line.startswith("!")} == set(copied)
