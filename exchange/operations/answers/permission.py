"""Who may write: the scope of the token, the organization it speaks for, and the product's owner."""

from __future__ import annotations

from collections.abc import Sequence

from exchange.errors import AccessDenied, NotFound, NotSignedIn
from exchange.model.parties import Scope, Viewer
from exchange.operations.answers.values import ProductAnswer

NOT_FOUND_PRODUCT = "No such product, or it is not visible to you. Check the id."


def require_publisher(viewer: Viewer) -> str:
    """The organization that a caller with scope PUBLISH speaks for."""
    if viewer.anonymous:
        raise NotSignedIn("Sign in: send a token from POST /auth/token as `Authorization: Bearer …`.")
    if Scope.PUBLISH not in viewer.scopes:
        raise AccessDenied(
            "This token lacks the scope PUBLISH. Ask for one with scope=publish; publishers and administrators of an "
            "organization get one."
        )
    if viewer.operator or viewer.organization_id is None:
        raise AccessDenied(
            "The operator owns no products. Act as an organization: ask for a token with scope=read publish."
        )
    return viewer.organization_id


def require_manager(viewer: Viewer) -> str:
    """The organization whose members a caller with scope MANAGE may manage: its own."""
    if viewer.anonymous:
        raise NotSignedIn("Sign in: send a token from POST /auth/token as `Authorization: Bearer …`.")
    if viewer.operator or viewer.organization_id is None:
        raise AccessDenied(
            "An organization's administrator manages its members; the operator does it by `exchange client`."
        )
    if Scope.MANAGE not in viewer.scopes:
        raise AccessDenied("This token lacks the scope MANAGE. Only an administrator of the organization has it.")
    return viewer.organization_id


def reads_trail(viewer: Viewer, organization_id: str) -> bool:
    """Whether a caller is shown who an organization's members are and what they did: its administrators and auditors,
    and the operator."""
    return viewer.operator or (Scope.AUDIT in viewer.scopes and viewer.organization_id == organization_id)


def require_administrator(viewer: Viewer) -> None:
    """The operator, or a client with scope ADMINISTER."""
    if not viewer.operator and Scope.ADMINISTER not in viewer.scopes:
        raise AccessDenied("Only the operator of the exchange may do this.")


def require_owner(viewer: Viewer, answer: ProductAnswer | None, path: Sequence[str], *, doing: str) -> ProductAnswer:
    """The product, where the caller's organization owns it; AccessDenied where the caller only sees it (the operator,
    who sees everything, included), NotFound where it does not."""
    if answer is None:
        raise NotFound(NOT_FOUND_PRODUCT, path=path)
    if viewer.organization_id is None or answer.product.owner_id != viewer.organization_id:
        raise AccessDenied(
            f"This product belongs to another organization: only its owner may {doing}.",
            path=path,
            product_id=answer.product.id,
            owner_id=answer.product.owner_id,
        )
    return answer


def written_by(viewer: Viewer) -> str:
    """How the ledger names a caller."""
    return viewer.client_id or viewer.organization_id or "operator"
