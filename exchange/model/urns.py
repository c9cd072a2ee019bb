"""URNs: their syntax (RFC 8141), the spelling they are stored in, and the namespace that each belongs to."""

from __future__ import annotations

import re
from dataclasses import dataclass

URN_LENGTH_MAX = 512  # well above any GTIN or PACT identifier, well below what an index entry can hold

_SIGNS = r"[a-z0-9\-._~!$&'()*+,;=:@]++|%[0-9a-f]{2}"  # pchar of RFC 3986; possessive, so that no text costs more
_URN = re.compile(
    rf"urn:(?P<nid>[a-z0-9][a-z0-9-]{{0,30}}[a-z0-9]):(?P<nss>(?:{_SIGNS})(?:{_SIGNS}|/)*+)"
    rf"(?P<components>(?:\?\+(?:{_SIGNS})(?:{_SIGNS}|/|\?(?!=))*+)?"
    rf"(?:\?=(?:{_SIGNS})(?:{_SIGNS}|[/?])*+)?(?:#(?:{_SIGNS}|[/?])*+)?)",
    re.IGNORECASE | re.ASCII,
)
_ENCODED = re.compile("%[0-9a-f]{2}", re.IGNORECASE | re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Namespace:
    """`kind` pact (holder: a domain), gtin (holder: the digits), uuid (free for all), or other."""

    kind: str
    holder: str


def normal_urn(text: str) -> str | None:
    """The spelling that a URN is stored and compared in, or None where it is not a URN.

    `urn:`, the namespace identifier, the domain of urn:pact: and the digits of urn:uuid: are case-insensitive and
    become lower case, the digits of percent-encodings upper case (RFC 8141 section 3.1, RFC 4122); everything else is
    kept. Components stay, though they are no part of a name (see `is_name`).
    """
    match = _URN.fullmatch(text) if len(text) <= URN_LENGTH_MAX else None
    if match is None:
        return None
    nid, nss = match["nid"].lower(), match["nss"]
    if nid == "pact":
        domain, colon, rest = nss.partition(":")
        nss = domain.lower() + colon + rest
    elif nid == "uuid":
        if not _UUID.fullmatch(nss):
            return None
        nss = nss.lower()
    urn = f"urn:{nid}:{nss}{match['components']}"
    return _ENCODED.sub(lambda found: found[0].upper(), urn) if "%" in urn else urn


def is_name(urn: str) -> bool:
    """Whether a URN is a name and nothing more.

    Its r-, q- and f-component say how to resolve it, what to ask there and which part is meant. They do not count where
    URNs are compared (RFC 8141 sections 2.3 and 3), so nothing is registered or named with them.
    """
    return "?" not in urn and "#" not in urn


def names_something(urn: str) -> bool:
    """Whether a normal URN says which of its namespace's things it means: not a domain alone, and no empty last part.

    RFC 8141 allows both. As an identifier they look cut off, and are what a template gives whose value is missing.
    """
    _, nid, nss = urn.split(":", 2)
    return not nss.endswith(":") and (nid != "pact" or ":" in nss)


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
