"""Audit files: the chain as JSON lines, whole or as far as one organization may read it, and their check.

The first line says where the chain is taken up, the last one where it ends; between them stands every entry, or, of
what the reader may not know, its sequence, leaf and hash alone. Nothing is in a file that its check does not cover.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from exchange.model.audit import FORMAT, GENESIS, AuditEntry, at_text, by_hash_of, leaf_of, link

HASH: Final = re.compile(r"[0-9a-f]{64}")
LINE_CHARACTERS_MAX: Final = 64 * 1024  # an entry has a few hundred; whoever made the file may be somebody else
PROBLEMS_MAX: Final = 20  # told; after a break little more is to be learned

HEADER: Final = frozenset({"format", "first", "previous"})
END: Final = frozenset({"head", "hash"})
LEFT_OUT: Final = frozenset({"sequence", "leaf", "hash"})
TOLD: Final = frozenset(
    {"sequence", "at", "kind", "subject", "product", "owner", "organization", "detail", "salt", "hash"}
)
BY_TOLD: Final = TOLD | {"by", "bySalt"}
BY_HIDDEN: Final = TOLD | {"byHash"}


def is_party(organization_id: str, entry: AuditEntry) -> bool:
    """Whether an organization may read the entry."""
    return organization_id in entry.change.readers


def header(first: int, previous: str) -> str:
    """The first line. previous: the hash before the entry `first`."""
    return _line({"format": FORMAT, "first": first, "previous": previous})


def end(head: int, last: str) -> str:
    """The last line: the last sequence and its hash, which a reader notes down."""
    return _line({"head": head, "hash": last})


def line_of(entry: AuditEntry, reader: str | None) -> str:
    """An entry as the organization `reader` may know it; None: the operator, who knows all."""
    change = entry.change
    if reader is not None and not is_party(reader, entry):
        return _line({"sequence": change.sequence, "leaf": entry.leaf, "hash": entry.hash})
    told: dict[str, Any] = {
        "sequence": change.sequence,
        "at": at_text(change.at_us),
        "kind": change.kind.value,
        "subject": change.subject,
        "product": change.product_id,
        "owner": change.owner_id,
        "organization": change.organization_id,
        "detail": change.detail,
    }
    if reader is None or reader == change.organization_id:
        told |= {"by": change.by, "bySalt": entry.by_salt}
    else:
        told |= {"byHash": by_hash_of(change.by, entry.by_salt)}
    return _line(told | {"salt": entry.salt, "hash": entry.hash})


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """What a check found. first, head: the sequences at both ends; hash: the last one. told, left_out: entries.

    from_the_beginning: whether it takes up the chain at its start. problems: line numbers from 1, and what is wrong.
    """

    first: int
    head: int
    hash: str
    told: int
    left_out: int
    from_the_beginning: bool
    problems: Sequence[tuple[int, str]]

    @property
    def whole(self) -> bool:
        return not self.problems


class _Broken(Exception):
    """The line does not fit; the text says how."""


class _Check:
    """Follows the chain line by line."""

    def __init__(self, anchors: Collection[str]) -> None:
        self.awaited = set(anchors)
        self.problems: list[tuple[int, str]] = []
        self.first, self.next, self.hash = 1, 1, GENESIS
        self.previous = ""
        self.told = self.left_out = 0
        self.begun = self.ended = False

    def look(self, number: int, text: str) -> None:
        try:
            found = _object(text)
            if self.ended:
                raise _Broken("something follows the last line")
            if not self.begun:
                self._begin(found)
            elif found.keys() == END:
                self._end(found)
            else:
                self._entry(found)
        except _Broken as broken:
            self.problems.append((number, str(broken)))

    def _begin(self, found: dict[str, Any]) -> None:
        self.begun = True  # whatever it says: every line is a line of its own
        if found.keys() != HEADER or found["format"] != FORMAT:
            raise _Broken(f"this is not the first line of an audit file of the format {FORMAT}")
        first, previous = found["first"], found["previous"]
        if not _is_sequence(first) or not _is_hash(previous):
            raise _Broken("first must be a whole number from 1 on, and previous a hash")
        self.first = self.next = first
        self.hash = self.previous = previous
        self.awaited.discard(previous)

    def _end(self, found: dict[str, Any]) -> None:
        self.ended = True
        if not _equal(found["head"], self.next - 1) or not _equal(found["hash"], self.hash):
            raise _Broken("the last line says another head than the entries lead to: entries were removed or added")

    def _entry(self, found: dict[str, Any]) -> None:
        leaf = self._leaf(found)
        sequence, stated = found["sequence"], found["hash"]
        if not _is_sequence(sequence) or not _is_hash(stated):
            raise _Broken("sequence must be a whole number, and hash a hash")
        expected, followed = self.next, link(self.hash, leaf)
        # From here on the file's own words are followed, so that one break is told once.
        self.next, self.hash = sequence + 1, stated
        self.awaited.discard(stated)
        if sequence != expected:
            raise _Broken(f"entry {expected} should stand here, and {sequence} does: removed, inserted or reordered")
        if followed != stated:
            raise _Broken(f"entry {sequence} does not follow from the one before: it was changed, or one before it was")

    def _leaf(self, found: dict[str, Any]) -> str:
        if found.keys() == LEFT_OUT:
            if not _is_hash(found["leaf"]):
                raise _Broken("leaf must be a hash")
            self.left_out += 1
            return str(found["leaf"])
        if found.keys() not in (BY_TOLD, BY_HIDDEN):
            raise _Broken("this is neither an entry nor the last line: something was added, removed or renamed")
        texts = found.keys() - {"sequence"}
        if not _is_sequence(found["sequence"]) or not all(isinstance(found[name], str) for name in texts):
            raise _Broken("an entry's sequence is a whole number, and everything else is text")
        self.told += 1
        by_hash = by_hash_of(found["by"], found["bySalt"]) if "by" in found else found["byHash"]
        named = ("sequence", "at", "kind", "subject", "product", "owner", "organization", "detail", "salt")
        return leaf_of(**{name: found[name] for name in named}, by_hash=by_hash)


def verify_audit(lines: Iterable[str], anchors: Collection[str] = ()) -> AuditVerdict:
    """Whether the lines of a file are a whole chain that the noted hashes (`anchors`) are in. Never raises."""
    check, number = _Check(anchors), 0
    for number, text in enumerate(lines, 1):
        check.look(number, text)
        if len(check.problems) >= PROBLEMS_MAX:
            break
    else:
        if not check.ended:
            check.problems.append((number + 1, "the last line is missing: the file was cut off"))
        for anchor in sorted(check.awaited):
            message = f"the noted hash {anchor} is not in this chain: it was cut off, rewritten, or begins later"
            check.problems.append((number, message))
    return AuditVerdict(
        first=check.first,
        head=check.next - 1,
        hash=check.hash,
        told=check.told,
        left_out=check.left_out,
        from_the_beginning=check.previous == GENESIS,
        problems=tuple(check.problems),
    )


def _object(text: str) -> dict[str, Any]:
    if len(text) > LINE_CHARACTERS_MAX:
        raise _Broken(f"the line has more than {LINE_CHARACTERS_MAX:,} characters; no entry has")
    try:
        found = json.loads(text, object_pairs_hook=_with_single_names)
    except (ValueError, RecursionError):
        raise _Broken("the line is not JSON, or says a name twice") from None
    if not isinstance(found, dict):
        raise _Broken("the line is not a JSON object")
    return found


def _with_single_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is there twice in one object")
    return found


def _is_sequence(value: object) -> bool:
    return type(value) is int and value >= 1


def _is_hash(value: object) -> bool:
    return isinstance(value, str) and HASH.fullmatch(value) is not None


def _equal(stated: object, found: int | str) -> bool:
    """Of the same type, too: true is no 1."""
    return type(stated) is type(found) and stated == found


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"
