"""``/healthz``, ``/readyz`` and ``/metrics``: for the machines that watch the service."""

# FastAPI reads the annotations of handlers at run time; ids are parsed by `parse_id`, not by FastAPI.
# ruff: noqa: TC002
from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from user_api import openapi
from user_api.answer import send_json

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from cachepact import AsyncCache
    from fastapi import FastAPI

    from user_api.database import Database
    from user_api.telemetry import Metrics


def add_health_routes(app: FastAPI, *, cache: AsyncCache, database: Database, metrics: Metrics) -> None:
    """Add the routes."""

    @app.get("/healthz", **openapi.HEALTHZ)
    async def healthz(_request: Request) -> Response:
        return send_json(200, '{"status":"ok"}')

    # Ready = the source of truth answers. Redis is reported only: without it the service is slower, not wrong.
    @app.get("/readyz", **openapi.READYZ)
    async def readyz(_request: Request) -> Response:
        postgres, redis = await asyncio.gather(_answers(database.query("select 1")), _answers(cache.info()))
        state = {
            "status": "ready" if postgres else "unready",
            "postgres": "up" if postgres else "down",
            "redis": "up" if redis else "down",
        }
        return send_json(200 if postgres else 503, json.dumps(state, separators=(",", ":")))

    @app.get("/metrics", **openapi.METRICS)
    async def read_metrics(_request: Request) -> Response:
        return await metrics.answer()


async def _answers(question: Awaitable[object]) -> bool:
    try:
        await question
    except Exception:  # noqa: BLE001  # whatever it is, the answer is no
        return False
    return True
