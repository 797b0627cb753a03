"""Uploads over HTTP: streamed, capped, harmless names, and nothing left of a broken one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from storage.settings import settings
from tests.support.web import serving

LIMIT = 200_000


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving() as bench:
        yield bench.url


@pytest.fixture
def client(
    url: str, sqlite: str, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[httpx.Client]:
    monkeypatch.setenv("SIGNALBENCH_UPLOAD_LIMIT", str(LIMIT))
    settings.cache_clear()
    with httpx.Client(base_url=url, timeout=30) as client:
        yield client


def send(client: httpx.Client, *files: tuple[str, bytes], **fields: str) -> httpx.Response:
    parts = [("files", (name, content)) for name, content in files]
    return client.post("/api/datasets", files=parts, data={"review": "true", **fields})


def names(data_folder: Path) -> list[str]:
    found = (data_folder / "uploads").rglob("*")
    return sorted(p.relative_to(data_folder / "uploads").as_posix() for p in found if p.is_file())


def test_files_land_under_their_folder_whatever_they_are_called(
    client: httpx.Client, data_folder: Path
) -> None:
    answer = send(
        client,
        ("good/a.csv", b"1"),
        ("../../b.csv", b"2"),
        ("/etc/passwd", b"3"),
        ("good/a.csv", b"4"),
        (".signalbench-scan.json", b"5"),
        (".hidden/x.csv", b"6"),
    )
    assert answer.status_code == 201
    number = answer.json()["id"]
    assert names(data_folder) == [
        f"{number}/b.csv",
        f"{number}/etc/passwd",
        f"{number}/good/a (2).csv",
        f"{number}/good/a.csv",
    ]


@pytest.mark.parametrize("announced", [True, False])
def test_too_much_is_refused_and_leaves_nothing(
    client: httpx.Client, data_folder: Path, announced: bool
) -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.csv"\r\n\r\n'
    body = [head, *[b"x" * 10_000] * 300, b"\r\n--b--\r\n"]
    answer = client.post(
        "/api/datasets",
        content=b"".join(body) if announced else iter(body),
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )
    assert answer.status_code == 413
    assert "200 kB" in answer.json()["detail"]
    assert names(data_folder) == []
    assert client.get("/api/datasets").json()["total"] == 0


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "multipart/form-data; boundary=b", 400),
        (b"--b\r\n", "multipart/form-data; boundary=b", 400),
        (
            b'--b\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\nabc',
            "multipart/form-data; boundary=b",
            400,
        ),
        (b"garbage", "multipart/form-data; boundary=b", 400),
        (b"{}", "application/json", 415),
        (b"", "multipart/form-data", 415),
        (b"--b--\r\n", "multipart/form-data; boundary=" + "b" * 300, 415),
    ],
)
def test_a_broken_upload_is_refused_and_leaves_nothing(
    client: httpx.Client, data_folder: Path, body: bytes, kind: str, status: int
) -> None:
    answer = client.post("/api/datasets", content=body, headers={"Content-Type": kind})
    assert answer.status_code == status
    assert len(answer.json()["detail"]) > 10
    assert names(data_folder) == []


def test_a_thousand_small_files_are_taken(client: httpx.Client, data_folder: Path) -> None:
    answer = send(client, *((f"a/{i}.csv", b"1,2\n") for i in range(1000)))
    assert answer.status_code == 201
    assert len(names(data_folder)) == 1000


def test_a_data_set_is_described_renamed_and_deleted(
    client: httpx.Client, data_folder: Path
) -> None:
    number = send(client, ("a.csv", b"1,2\n"), name="<b>first</b>").json()["id"]
    assert client.get(f"/api/datasets/{number}").json()["name"] == "<b>first</b>"
    change = {"name": "second", "window_samples": 64, "overlap": 0.25}
    assert client.patch(f"/api/datasets/{number}", json=change).json()["name"] == "second"
    assert client.patch(f"/api/datasets/{number}", json={"overlap": 7}).status_code == 422
    assert client.get(f"/api/datasets/{number}/inspection").status_code == 409
    assert client.get(f"/api/datasets/{number}/thumbnail.svg").status_code == 404
    assert client.delete(f"/api/datasets/{number}").status_code == 204
    assert client.get(f"/api/datasets/{number}").status_code == 404
    assert names(data_folder) == []
