"""The bell and the channels over REST: what they promise, and what they never give away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from storage.database import write_session
from storage.stores.notifications import Notice, announce
from tests.support.web import serving

SLACK = "https://hooks.slack.com/services/T0/B0/token-of-mine"
MAIL = {
    "kind": "email",
    "name": "Lab",
    "host": "smtp.example.org",
    "sender": "bench@example.org",
    "to": ["ann@example.org"],
    "user": "ann",
    "password": "hush-hush",
}

JSON = {"Content-Type": "application/json"}
NONSENSE: tuple[Any, ...] = (
    {}, {"kind": "pigeon"}, {**MAIL, "port": "many"}, {**MAIL, "to": "ann"}, [], None, 7,
    {"kind": "webhook", "name": "x"}, {"kind": "webhook", "name": "x", "url": 7},
    {"kind": "webhook", "name": "x", "url": "file:///etc/passwd"},
    {"kind": "webhook", "name": "x", "url": "https://169.254.169.254/latest"},
    {"kind": "webhook", "name": "x", "url": "https://2130706433/"},
    {"kind": "webhook", "name": "x\ud800", "url": SLACK}, {**MAIL, "to": ["a@b\ud800"]},
    {**MAIL, "name": "a\0b"}, {**MAIL, "surprise": 1}, {**MAIL, "to": ["a@b"] * 1000},
)  # fmt: skip


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving() as bench:
        yield bench.url


@pytest.fixture
def client(url: str, any_database: str, data_folder: Path) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=30) as client:
        yield client


def tell(*titles: str) -> None:
    with write_session() as session:
        for title in titles:
            announce(session, Notice("info", "storage", title))


def test_the_list_is_newest_first_pages_and_counts_what_is_unread(client: httpx.Client) -> None:
    tell("one", "two", "three")
    found = client.get("/api/notifications").json()
    assert [item["title"] for item in found["items"]] == ["three", "two", "one"]
    assert (found["unread"], found["total"]) == (3, 3)
    newest = found["items"][0]["id"]
    assert found["items"][0]["href"] == "/settings?tab=storage"
    older = client.get("/api/notifications", params={"before": newest, "limit": 1}).json()
    assert [item["title"] for item in older["items"]] == ["two"]
    assert client.post(f"/api/notifications/{newest}/read").status_code == 204
    assert client.post(f"/api/notifications/{newest}/read").status_code == 204
    unread = client.get("/api/notifications", params={"unread": True}).json()
    assert [item["title"] for item in unread["items"]] == ["two", "one"]
    assert client.post("/api/notifications/read").json() == {"marked": 2}
    assert client.get("/api/notifications").json()["unread"] == 0


def test_a_page_that_knows_everything_is_answered_in_a_word(client: httpx.Client) -> None:
    tell("one")
    tag = client.get("/api/notifications").headers["ETag"]
    same = client.get("/api/notifications", headers={"If-None-Match": tag})
    assert (same.status_code, same.content) == (304, b"")
    tell("two")
    assert client.get("/api/notifications", headers={"If-None-Match": tag}).status_code == 200


def test_secrets_go_in_and_never_come_out(client: httpx.Client) -> None:
    mail = client.post("/api/channels", json=MAIL)
    slack = client.post("/api/channels", json={"kind": "slack", "name": "S", "url": SLACK})
    assert (mail.status_code, slack.status_code) == (201, 201)
    assert mail.json()["secrets"] == ["password"]
    number = slack.json()["id"]
    changed = client.patch(f"/api/channels/{number}", json={"name": "Team", "kinds": ["failed"]})
    assert changed.json()["config"] == {"host": "hooks.slack.com"}
    assert (changed.json()["name"], changed.json()["secrets"]) == ("Team", ["url"])
    wrong = client.post("/api/channels", json={**MAIL, "sender": "x", "password": "hush-hush"})
    assert wrong.status_code == 422
    answers = [mail, slack, changed, wrong, client.get("/api/channels")]
    answers += [client.post(f"/api/channels/{number}/test")]
    answers += [client.get(f"/api/channels/{number}/deliveries")]
    for answer in answers:
        assert "hush-hush" not in answer.text
        assert "token-of-mine" not in answer.text
    assert client.delete(f"/api/channels/{number}").status_code == 204
    assert client.get(f"/api/channels/{number}").status_code == 404


def test_a_channel_that_makes_no_sense_is_refused_and_not_stored(client: httpx.Client) -> None:
    for body in NONSENSE:
        answer = client.post("/api/channels", content=json.dumps(body), headers=JSON)
        assert answer.status_code == 422, (body, answer.text)
        assert answer.headers["Content-Type"] == "application/problem+json"
    assert client.get("/api/channels").json() == {"items": []}


def test_a_change_that_makes_no_sense_is_refused(client: httpx.Client) -> None:
    number = client.post("/api/channels", json=MAIL).json()["id"]
    for changes in ({"kind": "teams"}, {"to": []}, {"name": ""}, {"x": 1}, []):
        answer = client.patch(f"/api/channels/{number}", json=changes)
        assert answer.status_code in (409, 422), changes
    assert client.get(f"/api/channels/{number}").json()["name"] == "Lab"


def test_ids_that_are_none_are_refused(client: httpx.Client) -> None:
    for number in ("0", "-1", "abc", "9" * 30, "1.5"):
        assert client.get(f"/api/channels/{number}").status_code == 422
        assert client.post(f"/api/notifications/{number}/read").status_code == 422
    assert client.post("/api/channels/7/test").status_code == 404
    assert client.post("/api/notifications/7/read").status_code == 404
    assert client.post("/api/notifications/read", json={"ids": ["x"]}).status_code == 422
