"""URNs: their syntax (RFC 8141), the spelling they are stored in, and the namespace that each belongs to."""

from __future__ import annotations

import re
from dataclasses import dataclass

URN_LENGTH_MAX = 512  # well above any GTIN or PACT identifier, well below what an index entry can hold

_URN = re.compile(
    r"urn:(?P<nid>[a-z0-9][a-z0-9-]{0,30}[a-z0-9]):(?P<nss>[a-z0-9()+,\-.:=@;$_!*'%/?#&~]+)", re.IGNORECASE | re.ASCII
)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Namespace:
    """`kind` pact (holder: a domain), gtin (holder: the digits), uuid (free for all), or other."""

    kind: str
    holder: str


def normal_urn(text: str) -> str | None:
    """The spelling that a URN is stored and compared in, or None where it is not a URN.

    `urn:`, the namespace identifier, the domain of urn:pact: and the digits of urn:uuid: are case-insensitive and
    become lower case (RFC 8141 section 3.1, RFC 4122); everything else is kept.
    """
    match = _URN.fullmatch(text)
    if match is None or len(text) > URN_LENGTH_MAX:
        return None
    nid, nss = match["nid"].lower(), match["nss"]
    if nid == "pact":
        domain, colon, rest = nss.partition(":")
        nss = domain.lower() + colon + rest
    elif nid == "uuid":
        if not _UUID.fullmatch(nss):
            return None
        nss = nss.lower()
    return f"urn:{nid}:{nss}"


def namespace(urn: str) -> Namespace:
    """Whose namespace a normal URN is in."""
    _, nid, nss = urn.split(":", 2)
    if nid == "pact":
        return Namespace("pact", nss.partition(":")[0])
    if nid == "gtin":
        return Namespace("gtin", nss)
    return Namespace("uuid", "") if nid == "uuid" else Namespace("other", nid)


def may_register(urn: str, domains: tuple[str, ...], gs1_prefixes: tuple[str, ...]) -> bool:
    """Whether an organization with these namespaces may register a normal URN as its own."""
    found = namespace(urn)
    if found.kind == "pact":
        return found.holder in domains
    if found.kind == "gtin":
        return found.holder.isdigit() and any(found.holder.startswith(prefix) for prefix in gs1_prefixes)
    return found.kind == "uuid"
