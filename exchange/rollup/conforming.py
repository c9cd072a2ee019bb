"""Whether a JSON value has the form that a JSON Schema says: every place where it has not, with its path.

Knows the keywords that our own schemas use (explain_schema.py), and fails on any other, so that none is passed over.
A schema is made into functions once, because files have a hundred thousand lines. Besides, no text may hold half a
surrogate pair: JSON can escape one, but nothing can print it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from exchange.errors import Problems

PROBLEMS_MAX: Final = 20  # more are not looked for: the file is another one
GOT_LENGTH_MAX: Final = 60  # a value is quoted at most this long

Path = tuple[str, ...]
Check = Callable[[Any, Path, Problems], None]
_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
}
_READ: Final = {
    "anyOf",
    "const",
    "enum",
    "items",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
}
_READ_TOO: Final = {"$ref", "additionalProperties", "pattern", "prefixItems", "properties", "required", "type"}
_SAID: Final = {"$defs", "$schema", "description", "title"}
_HALF_A_PAIR: Final = re.compile("[\ud800-\udfff]")


def check_of(schema: Mapping[str, Any]) -> Check:
    """What finds the problems of values of this schema; it stops soon after PROBLEMS_MAX."""
    return _Maker(schema.get("$defs", {})).check(schema)


def quoted(value: object) -> str:
    """A value that is not as expected, cut short."""
    if isinstance(value, list | dict):
        return f"{'a list' if isinstance(value, list) else 'an object'} of {len(value)}"
    plain = str(value).lower() if isinstance(value, bool) else "null" if value is None else str(value)
    text = _HALF_A_PAIR.sub("\ufffd", plain)
    return text if len(text) <= GOT_LENGTH_MAX else text[: GOT_LENGTH_MAX - 1] + "…"


class _Maker:
    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self._definitions = definitions
        self._made: dict[str, Check] = {}

    def check(self, schema: Mapping[str, Any]) -> Check:
        unknown = schema.keys() - _READ - _READ_TOO - _SAID
        if unknown:
            raise NotImplementedError(f"JSON Schema keywords {sorted(unknown)}")
        if "$ref" in schema:
            return self._definition(schema["$ref"].removeprefix("#/$defs/"))
        if "anyOf" in schema:
            return _or_null(self.check(schema["anyOf"][0]))
        if "const" in schema:
            return _among([schema["const"]])
        if "enum" in schema:
            return _among(schema["enum"])
        made: Mapping[str, Callable[[], Check]] = {
            "object": lambda: self._object(schema),
            "array": lambda: self._array(schema),
            "string": lambda: _string(schema),
            "integer": lambda: _integer(schema),
            "boolean": lambda: _typed("boolean"),
        }
        return made[schema["type"]]()

    def _definition(self, name: str) -> Check:
        if name not in self._made:
            self._made[name] = self.check(self._definitions[name])
        return self._made[name]

    def _object(self, schema: Mapping[str, Any]) -> Check:
        assert schema["additionalProperties"] is False
        checks = {name: self.check(one) for name, one in schema["properties"].items()}
        required = frozenset(schema.get("required", ()))

        def check(value: Any, path: Path, problems: Problems) -> None:
            if not _is(value, "object", path, problems):
                return
            if not required <= value.keys():
                for name in sorted(required - value.keys()):
                    problems.add("REQUIRED", f"{name} is missing", (*path, name))
            for name, one in value.items():
                known = checks.get(name)
                if known is not None:
                    known(one, (*path, name), problems)
                else:
                    problems.add("FIELD_UNKNOWN", "there is no such field in this format", (*path, quoted(name)))

        return check

    def _array(self, schema: Mapping[str, Any]) -> Check:
        first = [self.check(one) for one in schema.get("prefixItems", ())]
        rest = self.check(schema["items"]) if "items" in schema else None
        least, most = schema.get("minItems", 0), schema.get("maxItems")

        def check(value: Any, path: Path, problems: Problems) -> None:
            if not _is(value, "array", path, problems):
                return
            if len(value) < least or (most is not None and len(value) > most):
                bounds = f"at least {least}" if most is None else f"{least} to {most}"
                problems.add("OUT_OF_RANGE", "too few or too many", path, expected=bounds, got=str(len(value)))
                return
            for position, one in enumerate(value):
                item = first[position] if position < len(first) else rest
                if item is not None:
                    item(one, (*path, str(position)), problems)
                if len(problems.found) > PROBLEMS_MAX:
                    return

        return check


def _is(value: Any, name: str, path: Path, problems: Problems) -> bool:
    kinds = _TYPES[name]
    if isinstance(value, kinds) and not (name == "integer" and isinstance(value, bool)):
        return True
    problems.add("TYPE_INVALID", f"must be of the type {name}", path, expected=name, got=quoted(value))
    return False


def _typed(name: str) -> Check:
    def check(value: Any, path: Path, problems: Problems) -> None:
        _is(value, name, path, problems)

    return check


def _or_null(one: Check) -> Check:
    def check(value: Any, path: Path, problems: Problems) -> None:
        if value is not None:
            one(value, path, problems)

    return check


def _among(values: list[str]) -> Check:
    def check(value: Any, path: Path, problems: Problems) -> None:
        if not isinstance(value, str) or value not in values:
            problems.add("NOT_KNOWN", "is not a known value", path, expected=", ".join(values), got=quoted(value))

    return check


def _string(schema: Mapping[str, Any]) -> Check:
    pattern = re.compile(schema["pattern"].removesuffix("$") + r"\Z", re.ASCII) if "pattern" in schema else None
    least, most = schema.get("minLength", 0), schema.get("maxLength")

    def check(value: Any, path: Path, problems: Problems) -> None:
        if not _is(value, "string", path, problems):
            return
        if len(value) < least or (most is not None and len(value) > most):
            bounds = f"at least {least} characters" if most is None else f"{least} to {most} characters"
            problems.add("OUT_OF_RANGE", "too short or too long", path, expected=bounds, got=quoted(value))
        elif pattern is not None and pattern.match(value) is None:
            problems.add(
                "FORMAT_INVALID", "is not written as it has to be", path, expected=pattern.pattern, got=quoted(value)
            )
        elif not value.isascii() and _HALF_A_PAIR.search(value):
            problems.add("TEXT_INVALID", "holds half a surrogate pair, which is no character", path, got=quoted(value))

    return check


def _integer(schema: Mapping[str, Any]) -> Check:
    least, most = schema["minimum"], schema["maximum"]

    def check(value: Any, path: Path, problems: Problems) -> None:
        if _is(value, "integer", path, problems) and not least <= value <= most:
            problems.add("OUT_OF_RANGE", "out of range", path, expected=f"{least} to {most}", got=quoted(value))

    return check
