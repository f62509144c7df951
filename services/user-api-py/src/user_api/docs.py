"""The page /docs. Its script and style come out of a Python package, so it needs no network."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse  # noqa: TC002  # FastAPI reads the annotation
from starlette.staticfiles import StaticFiles

if TYPE_CHECKING:
    from fastapi import FastAPI

ASSETS = Path(str(files("fastapi_offline"))) / "static"
"""Only the files of that package are used: it carries the releases of Swagger UI into Python environments."""


def add_docs(app: FastAPI) -> None:
    """Serve Swagger UI under /docs."""
    app.mount("/docs/static", StaticFiles(directory=ASSETS), name="docs-static")

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url="/openapi.json",
            title="user-api-py",
            swagger_js_url="/docs/static/swagger-ui-bundle.js",
            swagger_css_url="/docs/static/swagger-ui.css",
            swagger_favicon_url="/docs/static/favicon.png",
        )
