"""The Node interface of Relay: whatever has an id of its own."""

from __future__ import annotations

import strawberry


@strawberry.interface(description="Something with an id, which `node` finds again.")
class Node:
    id: strawberry.ID = strawberry.field(description="Opaque; stable for as long as the thing exists.")
