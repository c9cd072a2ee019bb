"""Who may ask what: one table over every query, mutation and subscription, and the one place where it is enforced.

A field that is missing from the table keeps the schema from being built. What a viewer then sees of a thing is not
decided here but by the session, for each thing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any, Final

from graphql import GraphQLUnionType, get_named_type
from strawberry.extensions import FieldExtension

from exchange.errors import AccessDenied, ExchangeError, NotSignedIn
from exchange.model.parties import Scope, Viewer
from exchange.schema.errors import union_member
from exchange.schema.work import Info


class Permission(StrEnum):
    ANYBODY = "ANYBODY"  # with any token or none
    READ = "READ"  # without a token (one sees what is public), or with a token that may read, or audit
    PUBLISH = "PUBLISH"  # with a token that may publish
    MANAGE = "MANAGE"  # with a token that may manage its organization's members
    ADMINISTER = "ADMINISTER"  # the operator


PERMISSIONS: Final[dict[str, dict[str, Permission]]] = {
    "Query": {
        "viewer": Permission.ANYBODY,
        "node": Permission.READ,
        "nodes": Permission.READ,
        "product": Permission.READ,
        "products": Permission.READ,
        "compare": Permission.READ,
        "organization": Permission.READ,
        "organizations": Permission.READ,
        "alliance": Permission.READ,
        "alliances": Permission.READ,
        "grantPreview": Permission.PUBLISH,
    },
    "Mutation": {
        "createProduct": Permission.PUBLISH,
        "publishFootprint": Permission.PUBLISH,
        "publishFootprints": Permission.PUBLISH,
        "createRelease": Permission.PUBLISH,
        "deprecateFootprint": Permission.PUBLISH,
        "grantAccess": Permission.PUBLISH,
        "revokeAccess": Permission.PUBLISH,
        "foundAlliance": Permission.PUBLISH,
        "inviteToAlliance": Permission.PUBLISH,
        "acceptInvitation": Permission.PUBLISH,
        "declineInvitation": Permission.PUBLISH,
        "leaveAlliance": Permission.PUBLISH,
        "addMember": Permission.MANAGE,
        "changeMemberRole": Permission.MANAGE,
        "rotateMemberSecret": Permission.MANAGE,
        "removeMember": Permission.MANAGE,
        "publishBenchmarks": Permission.ADMINISTER,
    },
    "Subscription": {
        "monteCarlo": Permission.READ,
    },
}


def refusal(permission: Permission, viewer: Viewer) -> ExchangeError | None:
    """Why the viewer may not, or None."""
    if permission is Permission.ANYBODY or (permission is Permission.READ and viewer.anonymous):
        return None
    if viewer.anonymous:
        return NotSignedIn("Sign in first: send a token of POST /auth/token as `Authorization: Bearer …`.")
    if Scope(permission.value) in viewer.scopes or (permission is Permission.READ and Scope.AUDIT in viewer.scopes):
        return None
    if permission is Permission.ADMINISTER:
        return AccessDenied("This is the operator's: it needs a token of a client with the scope ADMINISTER.")
    return AccessDenied(
        f"This token lacks the scope {permission.value}: ask for one that has it, or your organization's administrator "
        "for a role that does."
    )


class Guard(FieldExtension):
    """Stands before one field of Query, Mutation or Subscription, and says refusals as that field says them."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    async def resolve_async(
        self,
        next_: Callable[..., Awaitable[Any]],
        source: Any,
        info: Info,
        **kwargs: Any,
    ) -> Any:
        try:
            refused = refusal(self.permission, info.context.viewer)
            if refused is not None:
                raise refused
            return await next_(source, info, **kwargs)
        except ExchangeError as error:
            if isinstance(error, AccessDenied) and info._raw_info.parent_type.name == "Mutation":
                work = info.context
                await work.exchange.audit.write_denied(work.viewer, error, info.field_name, work.session.now_us)
            member = await _member_of_its_union(error, info)
            if member is None:
                raise
            return member


async def _member_of_its_union(error: ExchangeError, info: Info) -> object | None:
    """The error as a member of the field's own result union; None where it has no place in it."""
    result = get_named_type(info._raw_info.return_type)
    if not isinstance(result, GraphQLUnionType):
        return None
    if type(error).__name__ not in {member.name for member in result.types}:
        return None
    return await union_member(error, info.context)
