"""Files that hosts share: with ARTIFACT_URL=s3://… the data folder is a cache of one bucket.

A file's key is its place below the data folder. Whoever makes a file publishes it before the
database points to it; whoever reads it ensures it first. A folder appears here whole or not at
all, so one that exists is complete. Without a bucket nothing of this does anything.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from storage.entities import StorageError
from storage.settings import settings

if TYPE_CHECKING:
    from storage.bucket import Bucket

log = logging.getLogger("signalbench.files")
SCHEME = "s3://"
BRIEF_SECONDS = 5.0
"""Patience of whoever has a person waiting."""
LONG_SECONDS = 1500.0
"""Patience of runs and jobs: an outage of a store must not end them."""
TRY_AGAIN_SECONDS = 1.0
ASK_AGAIN_SECONDS = 5.0
WATCH_SECONDS = 60.0
"""So long after nobody asked any more the store is left in peace."""
AT_ONCE = 8
MOST_LISTINGS = 3
FETCHING = ".fetch-"
STALE_SECONDS = 24 * 3600.0
Given = TypeVar("Given")
Told = Callable[[str], None]


class SharedFilesError(StorageError, OSError):
    """The store of shared files is away; the text says what to do."""


class SharedFiles:
    """The files of one data folder, and the bucket they are shared through, if any."""

    def __init__(self, root: Path, url: str) -> None:
        self._root = root.resolve()
        self._url = url
        self._opened: Bucket | None = None
        self._patience = BRIEF_SECONDS
        self._told: Told = log.warning
        self._waiting = 0
        self._answered, self._asked = True, 0.0
        self._watching: threading.Thread | None = None
        self._seen: dict[str, str] = {}
        self._lock = threading.Lock()
        self._turns: dict[Path, threading.Lock] = {}

    @property
    def remote(self) -> bool:
        """True when there is a bucket."""
        return bool(self._url)

    def wait_long(self, told: Told) -> None:
        """Have patience with an outage in this process, as runs and jobs do.

        Args:
            told: Takes one sentence when the waiting begins and one when it is over.
        """
        self._patience, self._told = LONG_SECONDS, told

    def publish(self, path: Path) -> None:
        """Put a file, or a folder with all its files, where other hosts find it.

        Raises:
            SharedFilesError: The store is away for longer than this process waits.
            OSError: The file cannot be read.
        """
        if not self.remote:
            return
        if path.is_dir():
            self._publish_folder(path)
        else:
            self._patiently(lambda: self._bucket().put(self._key(path), path))

    def offer(self, path: Path) -> None:
        """Publish a file that nobody depends on; a store that is away goes without it."""
        if not self.remote:
            return
        from storage.bucket import BucketAwayError

        try:
            self._bucket().put(self._key(path), path)
        except (BucketAwayError, FileNotFoundError) as error:
            log.warning("%s was not shared: %s", path.name, error)

    def ensure(self, path: Path) -> Path:
        """Bring a file or folder here unless it is here; nothing happens where nobody has it.

        Returns:
            The path, for chaining.

        Raises:
            SharedFilesError: The store is away for longer than this process waits.
            OSError: The disk is full or the folder cannot be written.
        """
        if self.remote and not path.exists():
            with self._lock:
                turn = self._turns.setdefault(path, threading.Lock())
            # A page asks for the same data from several threads at once.
            with turn:
                if not path.exists():
                    self.copy(path, path)
        return path

    def refresh(self, path: Path, target: Path | None = None) -> None:
        """Bring a file that others change, if it changed since this process brought it.

        Args:
            path: The file as it is shared.
            target: Where it goes, if not to the same place here.

        Raises:
            SharedFilesError: As ``ensure``.
            OSError: As ``ensure``.
        """
        if not self.remote:
            return
        key, place = self._key(path), target or path
        version = self._patiently(lambda: self._bucket().version(key))
        if version and (self._seen.get(key) != version or not place.exists()):
            self._fetch_file(key, place)
            self._seen[key] = version

    def copy(self, path: Path, target: Path) -> None:
        """Bring the shared file or folder of ``path`` here as ``target``.

        Raises:
            SharedFilesError: As ``ensure``.
            OSError: As ``ensure``.
        """
        if self.remote and not self._fetch_file(self._key(path), target):
            self._fetch_folder(self._key(path), target)

    def forget(self, *paths: Path) -> None:
        """Remove files or folders from the store; what lies here stays.

        An outage only leaves them there: nothing that is gone is ever pointed to.
        """
        if not self.remote:
            return
        try:
            for path in paths:
                key = self._key(path)
                self._bucket().delete([key, *self._bucket().keys(key)])
        except StorageError as error:
            log.warning("Shared files could not be removed: %s", error)

    def remove(self, paths: Iterable[Path]) -> None:
        """Remove single files from the store, as ``forget`` does."""
        if not self.remote:
            return
        try:
            self._bucket().delete([self._key(path) for path in paths])
        except StorageError as error:
            log.warning("Shared files could not be removed: %s", error)

    def listed(self, folder: Path) -> list[Path]:
        """Give where the shared files of a folder would lie here.

        Raises:
            SharedFilesError: As ``ensure``.
        """
        if not self.remote:
            return []
        found = self._patiently(lambda: self._bucket().keys(self._key(folder)))
        return [self._root / key for key in found]

    def answers(self) -> bool:
        """Tell whether the store answered when it was last asked; never waits for it."""
        if not self.remote:
            return True
        with self._lock:
            self._asked = time.monotonic()
            if self._watching is None or not self._watching.is_alive():
                self._watching = threading.Thread(
                    target=self._watch, name="files-watch", daemon=True
                )
                self._watching.start()
        return self._answered

    def check(self) -> str:
        """Write, read and remove a small object; gives "" or why that does not work."""
        if not self.remote:
            return ""
        from storage.bucket import BucketAwayError

        try:
            with tempfile.TemporaryDirectory() as name:
                sent, back = Path(name) / "sent", Path(name) / "back"
                sent.write_bytes(b"Signalbench was here.")
                key = f"check/{Path(name).name}"
                self._bucket().put(key, sent)
                whole = self._bucket().get(key, back)
                self._bucket().delete([key])
        except BucketAwayError as error:
            return str(error)
        return "" if whole else "it does not keep what is stored"

    def _watch(self) -> None:
        from storage.bucket import BucketAwayError

        while time.monotonic() < self._asked + WATCH_SECONDS:
            try:
                self._bucket().keys("check")
                self._answered = True
            except BucketAwayError as error:
                log.warning("%s", self._sentence(error))
                self._answered = False
            time.sleep(ASK_AGAIN_SECONDS)

    def _publish_folder(self, folder: Path) -> None:
        files = {self._key(path): path for path in sorted(folder.rglob("*")) if _wanted(path)}
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(
                pool.map(
                    lambda item: self._patiently(lambda: self._bucket().put(*item)), files.items()
                )
            )
        there = self._patiently(lambda: self._bucket().keys(self._key(folder)))
        stale = sorted(set(there) - set(files))
        self._patiently(lambda: self._bucket().delete(stale))

    def _fetch_file(self, key: str, target: Path) -> bool:
        return self._patiently(lambda: self._bucket().get(key, target))

    def _fetch_folder(self, key: str, target: Path) -> None:
        for _ in range(MOST_LISTINGS):
            keys = self._patiently(lambda: self._bucket().keys(key))
            if not keys or self._fetch_all(key, keys, target):
                return

    def _fetch_all(self, key: str, keys: list[str], target: Path) -> bool:
        """Bring a folder's files; False when one was removed between listing and fetching."""
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target.parent)
        scratch = Path(tempfile.mkdtemp(prefix=FETCHING, dir=target.parent))
        try:
            places = [(one, scratch / one.removeprefix(f"{key}/")) for one in keys]
            with ThreadPoolExecutor(AT_ONCE) as pool:
                whole = all(list(pool.map(lambda place: self._fetch_file(*place), places)))
            if whole:
                scratch.chmod(0o755)
                scratch.rename(target)
        except OSError:
            # Another process of this host brought the same folder meanwhile.
            if not target.is_dir():
                raise
            return True
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        return whole

    def _bucket(self) -> Bucket:
        if self._opened is None:
            from storage.bucket import Bucket

            self._opened = Bucket(self._url)
        return self._opened

    def _key(self, path: Path) -> str:
        return path.resolve().relative_to(self._root).as_posix()

    def _patiently(self, action: Callable[[], Given]) -> Given:
        """Try until it is done; tell about the waiting once, and once that it is over."""
        from storage.bucket import BucketAwayError

        deadline = time.monotonic() + self._patience
        waiting = False
        try:
            while True:
                try:
                    return action()
                except BucketAwayError as error:
                    if time.monotonic() > deadline:
                        raise SharedFilesError(self._sentence(error)) from error
                    if not waiting:
                        waiting = True
                        self._tell(+1, f"{self._sentence(error)} Waiting for it.")
                time.sleep(TRY_AGAIN_SECONDS)
        finally:
            if waiting:
                self._tell(-1, "Waited for the file store; going on.")

    def _tell(self, change: int, sentence: str) -> None:
        """Tell of the first file that waits, and of the end when none waits any more."""
        with self._lock:
            before, self._waiting = self._waiting, self._waiting + change
            if 0 in (before, self._waiting):
                self._told(sentence)

    def _sentence(self, error: Exception) -> str:
        return (
            f"The file store {self._url} does not answer ({error}). Check ARTIFACT_URL, the AWS_ "
            "variables and that the store runs."
        )


@cache
def shared_files() -> SharedFiles:
    """Give the shared files of this installation: those ARTIFACT_URL names, else only our own."""
    given = settings().artifact_url_given
    return SharedFiles(settings().data, given if given.startswith(SCHEME) else "")


def _wanted(path: Path) -> bool:
    return path.is_file() and path.suffix != ".tmp" and not path.name.startswith(FETCHING)


def _sweep(folder: Path) -> None:
    """Remove what fetching left behind when its process died in the midst of it."""
    for scratch in folder.glob(FETCHING + "*"):
        if time.time() - scratch.stat().st_mtime > STALE_SECONDS:
            shutil.rmtree(scratch, ignore_errors=True)
