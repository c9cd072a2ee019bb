"""Idempotency keys and footprint ids of importers: the same import asks with the same keys, so it can be run again."""

from __future__ import annotations

import json
import uuid

# Drawn once for this project; changing it would make every import look new.
NAMESPACE = uuid.UUID("6f0f3c3e-6a0a-4c37-9e0e-3b8f7f0f5d11")


def stable_uuid(*names: str) -> str:
    """The same names give the same UUID, on every machine."""
    return str(uuid.uuid5(NAMESPACE, json.dumps(names, ensure_ascii=True)))
