"""GraphiQL for a browser: the page of ours, and the files it needs, all from this server and nowhere else.

GraphiQL itself comes with the package graphene-django-graphiql-static, of which only the static files are used. The
page is ours (page/): its example queries run on the demo data without a token.
"""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

PREFIX: Final = "/graphiql"
# What the page loads, and the type each is sent as; nothing else of the package is served.
LIBRARY: Final = {
    "graphiql.min.css": "text/css",
    "graphiql.min.js": "text/javascript",
    "react.production.min.js": "text/javascript",
    "react-dom.production.min.js": "text/javascript",
}
OURS: Final = {"start.js": "text/javascript", "page.css": "text/css", "examples.graphql": "text/plain"}

# Scripts and data from this server only; GraphiQL writes style elements, and its style sheet holds its fonts.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
DAY_SECONDS: Final = 86_400


def _library() -> Traversable:
    return files("graphene_django_graphiql_static") / "static" / "graphene_django_graphiql_static"


def _page() -> Traversable:
    return files("exchange.web") / "page"


def graphiql_page() -> Response:
    """What GET /graphql shows to a browser."""
    text = (_page() / "index.html").read_text(encoding="utf-8")
    return HTMLResponse(text, headers={"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"})


def graphiql_routes() -> list[Route]:
    """The files under /graphiql/, read once each."""
    kept: dict[str, bytes] = {}

    async def serve_file(request: Request) -> Response:
        name = request.path_params["name"]
        folder, types = (_library(), LIBRARY) if name in LIBRARY else (_page(), OURS)
        if name not in types:
            raise HTTPException(404)
        if name not in kept:
            kept[name] = (folder / name).read_bytes()
        age = DAY_SECONDS if name in LIBRARY else 0
        return Response(kept[name], media_type=types[name], headers={"Cache-Control": f"max-age={age}"})

    return [Route(f"{PREFIX}/{{name}}", serve_file)]
