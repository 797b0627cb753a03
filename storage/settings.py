"""The environment read once into one frozen settings object."""

from __future__ import annotations

import hashlib
import os
import tempfile
from functools import cache
from pathlib import Path

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

VERSION = "0.1.0"
LONGEST_SOCKET_PATH = 100
"""Linux takes 107 bytes; some room is left for temporary names."""
REPOSITORY = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Where things lie and how big they may get; every field is an environment variable."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    data: Path = Field(default=REPOSITORY / "data", alias="SIGNALBENCH_DATA")
    host: str = Field(default="127.0.0.1", alias="SIGNALBENCH_HOST")
    port: int = Field(default=8050, ge=1, le=65535, alias="SIGNALBENCH_PORT")
    workers: int = Field(default=1, ge=0, le=64, alias="SIGNALBENCH_WORKERS")
    """Runs this machine trains at the same time; 0 starts no worker here."""
    allowed_hosts: str = Field(default="", alias="SIGNALBENCH_ALLOWED_HOSTS")
    """Comma-separated names besides localhost under which browsers may call."""
    webhook_private: str = Field(default="", alias="SIGNALBENCH_WEBHOOK_PRIVATE")
    """Comma-separated hosts and networks inside that webhooks may call; "" allows none."""
    public_url: str = Field(default="", alias="SIGNALBENCH_PUBLIC_URL")
    """Address under which people reach the bench, for links in messages."""
    database_url_given: str = Field(
        default="", validation_alias=AliasChoices("DATABASE_URL", "database_url_given")
    )
    redis_url_given: str = Field(
        default="", validation_alias=AliasChoices("REDIS_URL", "redis_url_given")
    )
    artifact_url_given: str = Field(
        default="", validation_alias=AliasChoices("ARTIFACT_URL", "artifact_url_given")
    )
    probe: str = Field(default="all", alias="SIGNALBENCH_PROBE")
    """Families whose speed is measured while nothing else runs: "all", "" or names by comma."""
    lease_seconds: float = Field(default=15.0, ge=1.0, alias="SIGNALBENCH_LEASE_SECONDS")
    time_limit_seconds: int = Field(default=7200, ge=10, alias="SIGNALBENCH_TIME_LIMIT_SECONDS")
    upload_limit_bytes: int = Field(default=2 * 1024**3, ge=1, alias="SIGNALBENCH_UPLOAD_LIMIT")
    disk_warning_percent: float = Field(
        default=80.0, ge=1, le=100, alias="SIGNALBENCH_DISK_WARNING_PERCENT"
    )
    disk_full_percent: float = Field(
        default=95.0, ge=1, le=100, alias="SIGNALBENCH_DISK_FULL_PERCENT"
    )
    """So full may the disk of the data folder be; beyond it no run is started."""

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL: the given one, else SQLite in the data folder."""
        return self.database_url_given or f"sqlite+pysqlite:///{self.data.resolve()}/signalbench.db"

    @property
    def embedded_redis(self) -> bool:
        """True when no REDIS_URL was given and the bench runs its own."""
        return not self.redis_url_given

    @property
    def redis_url(self) -> str:
        """URL of the given Redis, else the embedded one's socket (its password in a 0600 file)."""
        if self.redis_url_given:
            return self.redis_url_given
        password = (self.redis_folder / "password").read_text(encoding="ascii").strip()
        return f"redis+socket://:{password}@{self.redis_socket}"

    @property
    def redis_folder(self) -> Path:
        """Files of the embedded Redis; for its owner's eyes only."""
        return self.data.resolve() / "redis"

    @property
    def redis_socket(self) -> Path:
        """Socket of the embedded Redis: in its folder, or in a short one where that is too deep."""
        path = self.redis_folder / "redis.sock"
        if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
            return path
        name = hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"signalbench-{os.getuid()}-{name}" / "redis.sock"

    @property
    def datasets_folder(self) -> Path:
        """Stored data sets, one folder each."""
        return self.data / "datasets"

    @property
    def uploads_folder(self) -> Path:
        """Uploaded files waiting to be imported."""
        return self.data / "uploads"

    @property
    def runs_folder(self) -> Path:
        """Working folders of experiments, one each, named by id."""
        return self.data / "runs"

    @property
    def exports_folder(self) -> Path:
        """Exported experiments waiting to be downloaded, and archives waiting to be imported."""
        return self.data / "exports"

    @property
    def artifacts_folder(self) -> Path:
        """Finished artifact files of experiments."""
        return self.data / "artifacts"


@cache
def settings() -> Settings:
    """Give the settings of this process."""
    return Settings()
