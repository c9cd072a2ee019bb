"""An operator adds, sees and ends the credentials of an organization."""

import json


def test_a_client_is_listed_and_revoked_once(exchange):
    assert exchange("organization", "add", "Bolts", "--domain", "bolts.example").exit_code == 0
    assert exchange("client", "list", "bolts.example").stdout == "Bolts has no clients.\n"
    kept, ended = (
        json.loads(exchange("client", "add", "bolts.example", "--scope", scope, "--json").stdout)
        for scope in ("READ", "PUBLISH")
    )

    done = exchange("client", "revoke", ended["clientId"].upper(), "--json")
    assert done.exit_code == 0, done.output
    revoked = json.loads(done.stdout)
    assert (revoked["clientId"], revoked["scopes"]) == (ended["clientId"], ["PUBLISH"])
    assert revoked["createdAt"] < revoked["revokedAt"]

    listed = json.loads(exchange("client", "list", "bolts.example", "--json").stdout)
    assert [one["clientId"] for one in listed] == [kept["clientId"], ended["clientId"]]
    assert [one["revokedAt"] for one in listed] == [None, revoked["revokedAt"]]
    shown = exchange("client", "list", "Bolts").stdout
    for words in (kept["clientId"], ended["clientId"], "READ", revoked["revokedAt"]):
        assert words in shown
    for client in (kept, ended):
        assert client["clientSecret"] not in shown

    again = exchange("client", "revoke", ended["clientId"], "--json")
    assert (again.exit_code, json.loads(again.stderr)["error"]["code"]) == (1, "CONFLICT")
    assert json.loads(exchange("client", "list", "bolts.example", "--json").stdout) == listed


def test_a_client_that_nobody_added_is_not_found(exchange):
    done = exchange("client", "revoke", "3f2b8c1e-5d47-4a90-9c6b-0e1d2f3a4b5c")
    assert done.exit_code == 1
    assert done.stderr == "NOT_FOUND No such client. Check the id.\n"
