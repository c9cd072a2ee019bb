"""Documents: a query's text parsed and validated, once for each text.

Clients send the same few texts over and over with other variables. What is kept is bounded by the length of the texts,
because anybody may send new ones; the least recently used go first.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from graphql import DocumentNode, GraphQLError, GraphQLSchema, GraphQLSyntaxError, parse, validate

from exchange.schema.limits import COMMENTS_MAX, LEXICAL_TOKENS_MAX, SOURCE_LENGTH_MAX, check_size, too_large
from exchange.schema.validation import RULES

KEPT_CHARACTERS_MAX: Final = 250_000  # about 50 MB of parsed documents at worst
KEPT_ONE_MAX: Final = 20_000  # a longer text is somebody's script, not a client's query
VALIDATION_ERRORS_MAX: Final = 20  # more than anybody mends at once


PARSERS_LIMIT: Final = " Parsing aborted."  # how the parser ends what it says of a limit, and nothing else


@dataclass(slots=True)
class Documents:
    schema: GraphQLSchema
    _kept: OrderedDict[str, tuple[DocumentNode, list[GraphQLError]]] = field(default_factory=OrderedDict)
    _kept_characters: int = 0

    def read(self, source: str, variables: dict[str, object]) -> tuple[DocumentNode, list[GraphQLError]]:
        """The document and what is wrong with it. Raises GraphQLError for bad syntax and for what is too large."""
        known = self._kept.get(source)
        if known is not None:
            self._kept.move_to_end(source)
            check_size(known[0], variables)
            return known
        document = _parsed(source)
        check_size(document, variables)
        errors = validate(self.schema, document, RULES, max_errors=VALIDATION_ERRORS_MAX, hide_suggestions=False)
        self._keep(source, document, errors)
        return document, errors

    def _keep(self, source: str, document: DocumentNode, errors: list[GraphQLError]) -> None:
        if len(source) > KEPT_ONE_MAX:
            return
        self._kept[source] = (document, errors)
        self._kept_characters += len(source)
        while self._kept_characters > KEPT_CHARACTERS_MAX:
            old, _ = self._kept.popitem(last=False)
            self._kept_characters -= len(old)


def _parsed(source: str) -> DocumentNode:
    """The text as a document. A limit of the parser is a limit like those of `check_size`, and no mistake in syntax."""
    try:
        return parse(
            source,
            max_lexical_tokens=LEXICAL_TOKENS_MAX,
            max_comments=COMMENTS_MAX,
            max_source_length=SOURCE_LENGTH_MAX,
        )
    except GraphQLSyntaxError as error:
        if not error.description.endswith(PARSERS_LIMIT):
            raise
        reached = error.description.removesuffix(PARSERS_LIMIT).removesuffix(".")
        raise too_large(f"{reached}: ask in several queries, and send values as variables.") from None
