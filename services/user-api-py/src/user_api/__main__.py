"""``python -m user_api [--reload]``."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path

import uvicorn
from cachepact import CachepactError
from dotenv import load_dotenv

from user_api.config import load_config
from user_api.errors import print_and_exit

STOP_WITHIN_S = 10
"""A stop takes no longer than this: requests that still run are cut off then."""


def main() -> None:
    """Start the server; ends with code 1 and every problem on stderr when the environment is wrong."""
    arguments = argparse.ArgumentParser(prog="python -m user_api", description=__doc__)
    arguments.add_argument("--reload", action="store_true", help="restart when a source file changes (development)")
    reload = arguments.parse_args().reload
    # What the development stack wrote, when it is there; variables that are set already win.
    load_dotenv(Path(os.environ.get("CACHEPACT_DEV_DIR", "../..")) / ".dev/env", override=False)
    try:
        config = load_config()
    except CachepactError as error:
        print_and_exit("user-api-py", error)
    # uvicorn stops gracefully and then raises the signal again: a stop that was asked for is no failure.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(0))
    uvicorn.run(
        "user_api.main:app",
        factory=True,
        host=config.host,
        port=config.user_api_py_port,
        reload=reload,
        reload_dirs=[str(Path(__file__).parent)] if reload else None,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        timeout_graceful_shutdown=STOP_WITHIN_S,
    )


if __name__ == "__main__":
    main()
