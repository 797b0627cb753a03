"""Errors of the REST interface as problem+json (RFC 9457) with a sentence to act on."""

from __future__ import annotations

import json
import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from storage.entities import ConflictError, NotFoundError, StorageError
from storage.search import SearchError

log = logging.getLogger("signalbench.web")


class ProblemError(Exception):
    """A refusal that a route raises; ``extra`` members join the problem document."""

    def __init__(self, status: int, detail: str, **extra: object) -> None:
        super().__init__(detail)
        self.status = status
        self.extra = extra


class ProblemResponse(JSONResponse):
    """Plain ASCII, because a sentence may quote half a surrogate pair, which is no UTF-8."""

    media_type = "application/problem+json"

    def render(self, content: object) -> bytes:
        """Give the body."""
        return json.dumps(content).encode("ascii")


def problem(status: int, detail: str, **extra: object) -> JSONResponse:
    """Build a problem document; ``extra`` members are added to it as they are."""
    body = {"type": "about:blank", "status": status, "detail": detail, **extra}
    return ProblemResponse(body, status)


def install_problem_handlers(server: FastAPI) -> None:
    """Turn every error of the stores, of validation and of routing into a problem document."""

    @server.exception_handler(StorageError)
    async def _storage(_request: Request, error: StorageError) -> JSONResponse:
        return problem(_status_of(error), str(error))

    @server.exception_handler(SearchError)
    async def _search(_request: Request, error: SearchError) -> JSONResponse:
        return problem(
            422,
            str(error),
            position=error.position,
            length=error.length,
            suggestions=list(error.suggestions),
        )

    @server.exception_handler(RequestValidationError)
    async def _invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        errors = [
            {
                "field": ".".join(str(part) for part in item["loc"][1:]),
                "detail": _words(item["msg"]),
            }
            for item in error.errors()
        ]
        named = "; ".join(f"{item['field'] or 'body'}: {item['detail']}" for item in errors)
        return problem(422, f"The request cannot be used. {named}", errors=errors)

    @server.exception_handler(HTTPException)
    async def _http(_request: Request, error: HTTPException) -> JSONResponse:
        answer = problem(error.status_code, str(error.detail))
        answer.headers.update(error.headers or {})
        return answer

    @server.exception_handler(ProblemError)
    async def _refused(_request: Request, error: ProblemError) -> JSONResponse:
        return problem(error.status, str(error), **error.extra)

    @server.exception_handler(OperationalError)
    async def _database(_request: Request, error: OperationalError) -> JSONResponse:
        log.error("the database failed a request", exc_info=error)
        return problem(
            503,
            "The database cannot be reached or is busy. Try again; see /api/health if it stays.",
        )

    @server.exception_handler(Exception)
    async def _unexpected(_request: Request, _error: Exception) -> JSONResponse:
        # Starlette raises the error again after this answer, so the server's log has it.
        return problem(500, "Something went wrong inside the bench. Its log says what.")


def _status_of(error: StorageError) -> int:
    if isinstance(error, NotFoundError):
        return 404
    return 409 if isinstance(error, ConflictError) else 503


def _words(message: str) -> str:
    return message.removeprefix("Value error, ")
