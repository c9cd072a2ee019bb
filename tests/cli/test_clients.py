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


def test_the_first_administrator_is_added_and_an_older_client_is_made_one(exchange):
    assert exchange("organization", "add", "Nuts", "--domain", "nuts.example").exit_code == 0
    first = json.loads(
        exchange(
            *("client", "add", "nuts.example", "--role", "administrator", "--person", "--name", "Li Wei", "--json")
        ).stdout
    )
    known = {name: first[name] for name in ("name", "kind", "role", "scopes")}
    assert known == {
        "name": "Li Wei",
        "kind": "PERSON",
        "role": "ADMINISTRATOR",
        "scopes": ["READ", "PUBLISH", "AUDIT", "MANAGE"],
    }
    older = json.loads(exchange("client", "add", "nuts.example", "--scope", "READ", "--json").stdout)
    assert (older["role"], older["kind"], older["name"]) == ("READER", "SERVICE_ACCOUNT", None)
    done = exchange("client", "role", older["clientId"], "auditor", "--json")
    assert (json.loads(done.stdout)["role"], json.loads(done.stdout)["scopes"]) == ("AUDITOR", ["AUDIT"])
    said = exchange("client", "role", older["clientId"], "ADMINISTRATOR").stdout
    assert said.startswith(f"{older['clientId']} is ADMINISTRATOR now")
    shown = exchange("client", "list", "nuts.example").stdout
    assert shown.count("ADMINISTRATOR") == 2
    assert exchange("client", "add", "nuts.example", "--scope", "READ", "--role", "READER").exit_code == 2
    operators = json.loads(exchange("client", "add", "nuts.example", "--scope", "ADMINISTER", "--json").stdout)
    assert operators["role"] is None
    done = exchange("client", "role", operators["clientId"], "READER")
    assert (done.exit_code, done.stderr.split()[0]) == (1, "CONFLICT")


def test_the_scopes_of_a_client_are_those_of_the_role_that_it_is_shown_with(exchange):
    assert exchange("organization", "add", "Screws", "--domain", "screws.example").exit_code == 0

    def added(scopes: str):
        words = (word for each in scopes.split() for word in ("--scope", each))
        return exchange("client", "add", "screws.example", *words, "--json")

    for scopes in (
        "MANAGE",
        "AUDIT MANAGE",
        "READ PUBLISH MANAGE",
        "READ AUDIT",
        "PUBLISH AUDIT",
        "READ PUBLISH AUDIT",
    ):
        done = added(scopes)
        assert done.exit_code == 1
        [problem] = json.loads(done.stderr)["error"]["problems"]
        assert (problem["code"], problem["path"], problem["got"]) == (
            "CONTRADICTION",
            ["scope"],
            scopes.replace(" ", ", "),
        )
        assert "ADMINISTRATOR: READ, PUBLISH, AUDIT, MANAGE" in problem["message"]
    assert json.loads(exchange("client", "list", "screws.example", "--json").stdout) == []
    roles = {
        "READ": "READER",
        "PUBLISH": "PUBLISHER",
        "READ PUBLISH": "PUBLISHER",
        "AUDIT": "AUDITOR",
        "READ PUBLISH AUDIT MANAGE": "ADMINISTRATOR",
        "READ ADMINISTER": None,
    }
    for scopes, role in roles.items():
        told = json.loads(added(scopes).stdout)
        assert (told["role"], told["scopes"]) == (role, scopes.split())


def test_a_refusal_names_the_value_that_is_wrong(exchange):
    for arguments, says in (
        (("add", "", "--domain", "a.example"), "INVALID_INPUT name: must not be empty\n"),
        (("add", "\u200b", "--domain", "a.example"), "INVALID_INPUT name: shows nothing"),
        (("add", "A", "--domain", "a.example", "--company-id", "urn:a1:b:"), "INVALID_INPUT companyId: ends where"),
        (("add", "A", "--domain", ""), "INVALID_INPUT domain: is not a domain name\n"),
        (("add", "A", "--domain", "a.example", "--group", ""), "NOT_FOUND Name an organization by its id"),
        (("group", ""), "NOT_FOUND Name an organization by its id"),
    ):
        done = exchange("organization", *arguments)
        assert (done.exit_code, done.stdout) == (1, "")
        assert done.stderr.startswith(says)


def test_an_empty_name_is_nobodys_and_leaves_a_group_as_it_is(exchange):
    """Such as that of a shell's variable that is not set."""
    for name in ("over", "under"):
        assert exchange("organization", "add", name, "--domain", f"{name}.example").exit_code == 0
    assert exchange("organization", "group", "under", "--head", "over").exit_code == 0
    assert exchange("organization", "group", "under", "--head", "").exit_code == 1
    found = {one["name"]: one for one in json.loads(exchange("organization", "list", "--json").stdout)}
    assert found["under"]["groupId"] == found["over"]["id"]
    done = exchange("client", "add", " ")
    assert (done.exit_code, done.stderr.split()[0]) == (1, "NOT_FOUND")


def test_an_organization_is_put_into_a_group_and_out_of_it(exchange):
    heads = [
        json.loads(exchange("organization", "add", name, "--domain", f"{name.lower()}.example", "--json").stdout)["id"]
        for name in ("Parent", "Child")
    ]
    said = exchange("organization", "group", "child.example", "--head", "parent.example").stdout
    assert said == "Child belongs to the group of Parent\n"
    done = exchange("organization", "group", "Parent", "--head", "Child", "--json")
    assert (done.exit_code, json.loads(done.stderr)["error"]["code"]) == (1, "CONFLICT")
    added = exchange("organization", "add", "Grand", "--domain", "grand.example", "--group", "Child", "--json")
    assert (added.exit_code, json.loads(added.stderr)["error"]["code"]) == (1, "CONFLICT")
    alone = json.loads(exchange("organization", "group", "Child", "--json").stdout)
    assert (alone["id"], alone["groupId"]) == (heads[1], heads[1])


def test_a_client_that_nobody_added_is_not_found(exchange):
    done = exchange("client", "revoke", "3f2b8c1e-5d47-4a90-9c6b-0e1d2f3a4b5c")
    assert done.exit_code == 1
    assert done.stderr == "NOT_FOUND No such client. Check the id.\n"
