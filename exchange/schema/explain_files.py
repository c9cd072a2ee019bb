"""The explain file of a roll-up: what it was computed from, as one text that `exchange verify` recomputes."""

from __future__ import annotations

from typing import Final

import strawberry

from exchange.errors import InvalidInput
from exchange.operations.answers.values import RollUpAnswer
from exchange.operations.reading.explain_files import write_explain_file
from exchange.schema.work import Info

EXPLAINED_PARTS_MAX: Final = 200_000  # products and lines of all files in one answer: two of the largest model's, 16 MB


@strawberry.type(
    description="What an answer was computed from, to be kept: whoever has it can recompute the result with `exchange "
    "verify`, without the exchange. It holds what the viewer may see, and not who the viewer is."
)
class ExplainFile:
    media_type: str = strawberry.field(description="What `content` is: application/json.")
    digest: str = strawberry.field(description="The digest of its inputs; the same as the roll-up's.")
    content: str = strawberry.field(
        description="The file, to be kept byte for byte as UTF-8: JSON of docs/explain-file.schema.json, decimals as "
        "text."
    )


async def explain_file_of(info: Info, answer: RollUpAnswer) -> ExplainFile:
    """Raises InvalidInput where the files of this answer have too many products and lines together."""
    work = info.context
    explained = await work.session.compute(answer.explained)
    work.explained_parts += explained.parts
    if work.explained_parts > EXPLAINED_PARTS_MAX:
        raise InvalidInput(
            f"The explain files of one answer may have at most {EXPLAINED_PARTS_MAX} products and lines together. Ask "
            "for fewer in one request; a larger one is written with the command `exchange explain`.",
            path=("explainFile",),
        )
    file = await write_explain_file(work.session, answer)
    return ExplainFile(media_type="application/json", digest=file.digest, content=file.text)
