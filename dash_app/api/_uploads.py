"""Streams a multipart upload to disk chunk by chunk; names from outside are made harmless."""

from __future__ import annotations

import re
import shutil
import time
import unicodedata
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from integrations.core.data.readers.base import byte_text
from storage.entities import StorageError

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MAX_FILES = 20_000
MAX_FIELD_BYTES = 1 << 20
MAX_NAME_BYTES = 120
MAX_DEPTH = 8
SPARE_BYTES = 200 << 20
INCOMING = ".incoming-"
STALE_SECONDS = 24 * 3600
RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


class UploadError(StorageError):
    """An upload was refused; ``status`` is its HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class Upload:
    """What came with a request: a folder of files, and the other form fields."""

    folder: Path
    fields: dict[str, str] = field(default_factory=dict)
    n_files: int = 0
    n_bytes: int = 0


async def receive_upload(request: Request, parent: Path, limit_bytes: int) -> Upload:
    """Write the files of a request under ``parent`` as they arrive; memory stays flat.

    Raises:
        UploadError: Too large, no room, not multipart, or broken off; nothing is left on disk.
    """
    boundary = _boundary(request)
    _check_room(request, parent, limit_bytes)
    _sweep(parent)
    upload = Upload(parent / f"{INCOMING}{uuid.uuid4().hex}")
    receiver = _Receiver(upload, limit_bytes)
    parser = MultipartParser(boundary, receiver.callbacks())
    whole = False
    try:
        upload.folder.mkdir()
        async for chunk in request.stream():
            await run_in_threadpool(parser.write, chunk)
        parser.finalize()
        whole = receiver.complete
    except (FormParserError, ClientDisconnect) as error:
        raise UploadError(400, "The upload broke off or is damaged. Send it again.") from error
    except OSError as error:
        raise UploadError(
            507, "The disk is full or not writable. Make room and try again."
        ) from error
    finally:
        if not whole:
            receiver.discard()
    if not whole:
        raise UploadError(400, "The upload broke off. Send it again.")
    if not upload.n_files:
        receiver.discard()
        raise UploadError(422, "No files came with the upload. Choose at least one.")
    return upload


def safe_path(name: str) -> str:
    """Turn a name from outside into a harmless relative path; "" when nothing is left.

    Folders are kept, so that a dropped folder keeps its classes; ``..``, drives, control and
    direction marks, and names that systems reserve are not.
    """
    parts = [_safe_part(part) for part in re.split(r"[/\\]+", name)]
    return "/".join([part for part in parts if part][-MAX_DEPTH:])


def _safe_part(part: str) -> str:
    text = unicodedata.normalize("NFC", part.encode("utf-8", "replace").decode())
    text = "".join(c for c in text if unicodedata.category(c)[0] != "C" and c not in "\u2028\u2029")
    text = " ".join(text.split())
    text = re.sub(r'[:*?"<>|]', "_", text)
    if not text.strip("."):
        return ""
    text = "_" + text if RESERVED.match(text) else text
    stem, dot, suffix = text.rpartition(".")
    if dot and stem and len(suffix) <= 10:
        return _cut(stem, MAX_NAME_BYTES - len(suffix.encode()) - 1) + "." + suffix
    return _cut(text, MAX_NAME_BYTES)


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode("utf-8", "ignore")


class _Receiver:
    """Gets the parser's calls: the heads of parts, their bytes and their ends."""

    def __init__(self, upload: Upload, limit_bytes: int) -> None:
        self.upload = upload
        self.complete = False
        self._limit = limit_bytes
        self._file: BinaryIO | None = None
        self._header: dict[bytes, bytes] = {}
        self._name = self._value = b""
        self._field = ""
        self._text = bytearray()

    def callbacks(self) -> MultipartCallbacks:
        """Give the calls in the parser's own terms."""
        return {
            "on_part_begin": self._part_begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._part_data,
            "on_part_end": self._part_end,
            "on_end": self._end,
        }

    def discard(self) -> None:
        """Remove what has been written."""
        if self._file is not None:
            self._file.close()
        shutil.rmtree(self.upload.folder, ignore_errors=True)

    def _part_begin(self) -> None:
        self._header, self._name, self._value = {}, b"", b""
        self._field, self._text = "", bytearray()

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._header[self._name.lower()] = self._value
        self._name = self._value = b""

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._header.get(b"content-disposition", b""))
        self._field = options.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" in options:
            self._open(options[b"filename"].decode("utf-8", "replace"))

    def _open(self, name: str) -> None:
        relative = safe_path(name)
        self.upload.n_files += 1
        if self.upload.n_files > MAX_FILES:
            raise UploadError(413, f"One upload holds at most {MAX_FILES} files. Send it in parts.")
        hidden = any(part.startswith(".") for part in relative.split("/"))
        if not relative or hidden:
            self.upload.n_files -= 1
            self._field = ""
            return
        path = self._free_place(relative)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("xb")

    def _free_place(self, relative: str) -> Path:
        path = self.upload.folder / relative
        number = 2
        while path.exists():
            path = path.with_name(f"{Path(relative).stem} ({number}){path.suffix}")
            number += 1
        return path

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        self.upload.n_bytes += end - start
        if self.upload.n_bytes > self._limit:
            raise _too_large(self._limit)
        if self._file is not None:
            self._file.write(memoryview(data)[start:end])
        elif self._field:
            self._text += data[start:end]
            if len(self._text) > MAX_FIELD_BYTES:
                raise UploadError(413, "A form field is too long. Send fewer options.")

    def _part_end(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        elif self._field and len(self.upload.fields) < 50:
            self.upload.fields[self._field] = self._text.decode("utf-8", "replace")

    def _end(self) -> None:
        self.complete = True


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not 0 < len(boundary) <= 200:
        raise UploadError(415, "Send the files as multipart/form-data in the field “files”.")
    return boundary


def _check_room(request: Request, parent: Path, limit_bytes: int) -> None:
    text = request.headers.get("content-length", "")
    announced = int(text) if text.isdecimal() else 0
    if announced > limit_bytes + MAX_FIELD_BYTES:
        raise _too_large(limit_bytes)
    parent.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(parent).free
    if announced + SPARE_BYTES > free:
        raise UploadError(
            507,
            f"The upload needs {byte_text(announced)}, but only {byte_text(free)} are free. Make "
            "room and try again.",
        )


def _sweep(parent: Path) -> None:
    """Remove what an upload left behind when the machine went down in its midst."""
    for folder in parent.glob(INCOMING + "*"):
        if time.time() - folder.stat().st_mtime > STALE_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)


def _too_large(limit_bytes: int) -> UploadError:
    return UploadError(
        413, f"One upload may hold {byte_text(limit_bytes)}. Send the recordings in parts."
    )
