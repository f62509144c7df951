"""Logs: JSON lines for machines, coloured text for people, by default when a terminal watches. Never a body."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Final

import structlog

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor, WrappedLogger

log: Final[structlog.stdlib.BoundLogger] = structlog.stdlib.get_logger("user_api")

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}


def configure_logs(level: str, log_format: str = "auto") -> None:
    """Send the logs of this service and of its libraries to stdout in one form."""
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
    ]
    console = log_format == "pretty" or (log_format == "auto" and sys.stdout.isatty())
    last: list[Processor] = (
        [structlog.dev.ConsoleRenderer(timestamp_key="time", colors=True)]
        if console
        else [
            _name_service,
            structlog.processors.format_exc_info,
            structlog.processors.EventRenamer("msg"),
            structlog.processors.JSONRenderer(),
        ]
    )
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    for name in ("user_api", "uvicorn.error"):  # uvicorn says there where it listens
        logging.getLogger(name).setLevel(_LEVELS[level])


def _name_service(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    event["service"] = "user-api-py"
    return event
