"""What must be so before anything starts; each failure is one sentence on the terminal."""

from __future__ import annotations

import errno
import os
import shutil
import socket
from urllib.parse import urlsplit

import redis
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from storage.artifacts import artifacts
from storage.database import migrate
from storage.entities import StorageError
from storage.progress import connect
from storage.settings import Settings, settings
from tasks.health import FULL_DISK_BYTES


class PreflightError(Exception):
    """The bench cannot start; the text says why and what to do."""


def check_settings() -> Settings:
    """Read the environment.

    Raises:
        PreflightError: A variable has a value that is not allowed.
    """
    try:
        return settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        raise PreflightError(
            f"{name}={first['input']} is not allowed: {first['msg']}. Change or unset {name}."
        ) from error


def check_data_folder() -> None:
    """Make the data folder and see that it can be written and has room.

    Raises:
        PreflightError: It cannot, or has not.
    """
    folder = settings().data
    probe = folder / f".write-test-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"x" * 4096)
        probe.unlink()
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise PreflightError(_full(folder, 0)) from error
        raise PreflightError(
            f"The data folder {folder} cannot be written ({error.strerror}). Give this user the "
            "right to write there, or choose another folder with SIGNALBENCH_DATA."
        ) from error
    try:
        artifacts()
    except StorageError as error:
        raise PreflightError(str(error)) from error
    free = shutil.disk_usage(folder).free
    if free < FULL_DISK_BYTES:
        raise PreflightError(_full(folder, free))


def take_port() -> socket.socket:
    """Bind the address the bench serves at; the web process inherits the socket.

    Raises:
        PreflightError: The port is in use, or this machine has no such address.
    """
    host, port = settings().host, settings().port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PreflightError(
                f"Port {port} is in use by another program. Stop it, or choose another port, e.g. "
                f"SIGNALBENCH_PORT={port + 1 if port < 65535 else 8050}."
            ) from error
        raise PreflightError(
            f"The bench cannot listen at {host}:{port} ({error.strerror}). Check SIGNALBENCH_HOST "
            "and SIGNALBENCH_PORT."
        ) from error
    return listener


def check_given_redis() -> None:
    """See that a Redis named by REDIS_URL answers.

    Raises:
        PreflightError: It does not.
    """
    url = settings().redis_url_given
    if not url:
        return
    try:
        client = connect(url)
        client.ping()
        client.close()
    except (redis.RedisError, OSError, ValueError) as error:
        raise PreflightError(
            f"Redis at {without_password(url)} does not answer ({_first_line(error)}). Start it, "
            "correct REDIS_URL, or unset it to use the embedded one."
        ) from error


def check_redis_is_known() -> None:
    """See that a single web or worker process knows which Redis to use; it need not answer yet.

    Raises:
        PreflightError: There is no REDIS_URL, and no bench ever ran on this data folder.
    """
    if settings().embedded_redis and not (settings().redis_folder / "password").exists():
        raise PreflightError(
            "Without REDIS_URL only the whole bench runs its own Redis. Start everything with "
            "python app.py, or set REDIS_URL."
        )


def bring_database_up_to_date() -> None:
    """Migrate the database.

    Raises:
        PreflightError: It cannot be opened, is damaged, or newer than this program.
    """
    try:
        migrate()
    except StorageError as error:
        raise PreflightError(_one_line(str(error))) from error
    except (SQLAlchemyError, ImportError) as error:
        raise PreflightError(
            f"DATABASE_URL {without_password(settings().database_url)} cannot be used "
            f"({_first_line(error)}). Write it like postgresql+psycopg://user:password@host/name."
        ) from error


def without_password(url: str) -> str:
    """Give a URL fit to be shown."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    return url.replace(f":{parts.password}@", ":…@", 1)


def _full(folder: object, free: int) -> str:
    return (
        f"The disk of the data folder {folder} is full ({free / 1e6:.0f} MB free). Make room, or "
        "choose another folder with SIGNALBENCH_DATA."
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _first_line(error: BaseException) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0].rstrip(".")
