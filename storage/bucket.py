"""One S3 bucket: objects in, objects out, each with its SHA-256; the only file that knows obstore.

Credentials, region and endpoint come from the usual AWS variables (AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL …).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from storage.entities import StorageError

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

READ_BYTES = 1 << 20
SHA256, MODIFIED = "sha256", "modified-ns"
"""Names of what is kept beside each object."""
PARTS_AT_ONCE = 4
SILENCE = timedelta(seconds=20)
WHOLE = timedelta(hours=6)
"""Longest time for one object; a silent server is noticed long before."""


class BucketAwayError(StorageError):
    """The bucket did not do what it was asked to; trying again later may help."""


class DamagedObjectError(BucketAwayError):
    """What arrived is not what was sent."""


class Bucket:
    """The objects below one prefix; keys are relative to it."""

    def __init__(self, url: str) -> None:
        """Open a bucket; nothing is asked of the server yet.

        Raises:
            BucketAwayError: The address is not one of a bucket.
        """
        client: ClientConfig = {
            "allow_http": _endpoint().startswith("http://"),
            "connect_timeout": timedelta(seconds=3),
            "read_timeout": SILENCE,
            "timeout": WHOLE,
        }
        retry: RetryConfig = {"max_retries": 1, "retry_timeout": timedelta(seconds=5)}
        with _worded():
            self._store = S3Store.from_url(url, client_options=client, retry_config=retry)

    def put(self, key: str, source: Path) -> None:
        """Store a file, replacing an object of the same key.

        Raises:
            BucketAwayError: It could not be stored.
            FileNotFoundError: There is no such file here.
        """
        facts = {SHA256: _sha256(source), MODIFIED: str(source.stat().st_mtime_ns)}
        with _worded():
            obstore.put(
                self._store, key, source, attributes=dict(facts), max_concurrency=PARTS_AT_ONCE
            )

    def get(self, key: str, target: Path) -> bool:
        """Bring an object here; ``target`` appears only when it is whole.

        Returns:
            False when there is no such object.

        Raises:
            BucketAwayError: It could not be brought.
            DamagedObjectError: It is not what was stored.
            OSError: The disk is full or the folder cannot be written.
        """
        with _worded():
            try:
                found = obstore.get(self._store, key)
            except FileNotFoundError as error:
                if "NoSuchBucket" in str(error):
                    raise
                return False
        target.parent.mkdir(parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(prefix=".fetch-", dir=target.parent)
        temporary = Path(name)
        try:
            digest = self._write(found, number)
            expected = str(found.attributes.get(SHA256, digest))
            if digest != expected:
                raise DamagedObjectError(f"{key} arrived damaged")
            modified = int(found.attributes.get(MODIFIED, 0)) or temporary.stat().st_mtime_ns
            os.utime(temporary, ns=(modified, modified))
            temporary.chmod(0o644)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
        return True

    def version(self, key: str) -> str:
        """Give what changes whenever an object does, "" when there is none.

        Raises:
            BucketAwayError: The bucket does not answer.
        """
        with _worded():
            try:
                return obstore.head(self._store, key)["e_tag"] or ""
            except FileNotFoundError:
                return ""

    def keys(self, folder: str) -> list[str]:
        """Give the keys below a folder.

        Raises:
            BucketAwayError: The bucket does not answer.
        """
        with _worded():
            pages = obstore.list(self._store, folder or None, chunk_size=1000)
            return [item["path"] for page in pages for item in page]

    def delete(self, keys: Sequence[str]) -> None:
        """Remove objects; those that are gone already are well gone.

        Raises:
            BucketAwayError: The bucket does not answer.
        """
        if keys:
            with _worded():
                obstore.delete(self._store, list(keys))

    @staticmethod
    def _write(found: obstore.GetResult, number: int) -> str:
        digest = hashlib.sha256()
        stream = iter(found.stream(min_chunk_size=READ_BYTES))
        with os.fdopen(number, "wb") as file:
            while True:
                with _worded():
                    piece = next(stream, None)
                if piece is None:
                    break
                digest.update(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        return digest.hexdigest()


@contextmanager
def _worded() -> Iterator[None]:
    """Turn what the library raises into our own error with one line of its text."""
    try:
        yield
    except (BaseError, OSError, ValueError) as error:
        raise BucketAwayError(_cause(error)) from error


def _cause(error: Exception) -> str:
    text = str(error)
    for known, meaning in (
        ("NoSuchBucket", "there is no such bucket"),
        ("InvalidAccessKeyId", "the access key is not known"),
        ("SignatureDoesNotMatch", "the secret access key is wrong"),
        ("AccessDenied", "access is denied"),
        ("sending request", "no connection"),
        ("timed out", "it is silent"),
    ):
        if known in text:
            return meaning
    first = text.splitlines()[0] if text else type(error).__name__
    with contextlib.suppress(ValueError):
        first = first[first.index("status code: ") :]
    return first[:200].strip()


def _endpoint() -> str:
    return os.environ.get("AWS_ENDPOINT_URL") or os.environ.get("AWS_ENDPOINT") or ""


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
