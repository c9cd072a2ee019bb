"""The two dates of a question, as arguments (docs/method.md, "Which footprint stands")."""

from __future__ import annotations

import strawberry

AS_OF = strawberry.argument(description="What did it carry on that day? Today if absent.")
KNOWN_AT = strawberry.argument(description="What was known then? Now if absent, or if later than now.")
