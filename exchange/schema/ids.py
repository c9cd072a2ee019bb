"""Global ids: what clients keep and never take apart. base64url of "Type:uuid", without padding.

A malformed id, or one of another type, names nothing, whether what it names is there or not. An argument of a question
answers it as an unknown id: null, or an empty list. An input (of a mutation, a preview or a scenario) is refused with
the problem ID_INVALID, which says where it stood, of what type it should be, and of what type it says that it is.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Final, cast

from exchange.errors import Problems

if TYPE_CHECKING:  # a name for text; commands write ids, too, and need nothing else of it
    import strawberry

# Types that an id may name; the database's own ids never get here.
NODE_TYPES: Final = frozenset(
    {
        "Organization",
        "Product",
        "Footprint",
        "Dataset",
        "Release",
        "Grant",
        "Alliance",
        "Membership",
        "Member",
        "BenchmarkEdition",
    }
)
ID_LENGTH_MAX: Final = 200  # the longest of ours has 67 characters

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


def global_id(type_name: str, uuid: str) -> strawberry.ID:
    """The id by which the API names a thing."""
    return cast("strawberry.ID", base64.urlsafe_b64encode(f"{type_name}:{uuid}".encode()).decode().rstrip("="))


def named_by(text: str) -> tuple[str, str] | None:
    """The type and the UUID that an id names, or None where it is not one of ours."""
    if len(text) > ID_LENGTH_MAX:
        return None
    try:
        plain = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return None
    type_name, _, uuid = plain.partition(":")
    if type_name not in NODE_TYPES or _UUID.fullmatch(uuid) is None:
        return None
    return type_name, uuid


def uuid_of(text: str | None, type_name: str) -> str | None:
    """The UUID that an id names, if it names something of this type."""
    named = named_by(text) if text is not None else None
    return named[1] if named is not None and named[0] == type_name else None


def required_id(text: str, type_name: str, problems: Problems, path: tuple[str, ...]) -> str:
    """The UUID that an id of this type names; a problem where it is malformed or of another type."""
    named = named_by(text)
    if named is not None and named[0] == type_name:
        return named[1]
    expected = _id_of(type_name)
    if named is None:
        message, got = f"is not {expected}; use one that this API gave you", text[:80]
    else:
        got = _id_of(named[0])
        message = f"is {got}, where {expected} belongs; look which id you took"
    problems.add("ID_INVALID", message, path, expected=expected, got=got)
    return ""


def only_id(text: str, type_name: str, *path: str) -> str:
    """The UUID that the one id of an input names. Raises InvalidInput where it is malformed or of another type."""
    problems = Problems()
    uuid = required_id(text, type_name, problems, path)
    problems.raise_any()
    return uuid


def _id_of(type_name: str) -> str:
    return f"the id of {'an' if type_name[0] in 'AO' else 'a'} {type_name}"
