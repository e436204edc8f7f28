"""`meltingspot doctor`: what it finds out, with how few requests, and what it does not show."""

from __future__ import annotations

import json
import socket
from typing import Any

import attrs
import pytest

from meltingspot_async import (
    DOCUMENTED_LIMITS,
    Course,
    RateLimit,
    SlidingWindowLimiter,
    SpotMember,
    TransportError,
    UsageError,
)
from meltingspot_async._cli.diagnosis import Count, Diagnosis
from meltingspot_async._cli.doctor import report
from meltingspot_async._cli.examination import examine
from meltingspot_async.models._converter import structure
from meltingspot_async.models._frozen import JsonObject
from meltingspot_async.testing import Answer, Delay, FakeMeltingSpot, Fault, Reset

from ..contract.contract import SCHEMAS, fill
from ..support.cli import run


def limiter() -> SlidingWindowLimiter:
    return SlidingWindowLimiter(DOCUMENTED_LIMITS)


def members(count: int, **extra: object) -> list[SpotMember]:
    example = SCHEMAS["SpotMember"]["examples"][0]
    return [
        structure(
            json.dumps({**example, "id": f"m-{n}", "firstname": "Ada", **extra}).encode(), SpotMember, "/"
        )
        for n in range(count)
    ]


async def diagnosis(fake: FakeMeltingSpot) -> Diagnosis:
    """What the doctor finds out about a fake service, within its twelve requests."""
    async with fake:
        found = await examine(fake.api_key, fake.base_url, limiter())
        assert found.requests == len(fake.received) <= 12
        return found


@pytest.mark.parametrize("scheme", [None, "Bearer"])
async def test_doctor_learns_how_the_key_is_accepted(scheme: str | None) -> None:
    """The doctor learns whether the key stands alone or after Bearer, and names the option to use."""
    found = await diagnosis(FakeMeltingSpot(auth_scheme=scheme))
    assert found.accepted == (scheme or "raw")
    assert found.client_options == ({"auth_scheme": scheme} if scheme else {})
    use = "\n".join(report(found))
    assert ("MeltingSpotClient(api_key, auth_scheme='Bearer')" in use) == (scheme == "Bearer")
    assert ("MELTINGSPOT_AUTH_SCHEME=Bearer" in use) == (scheme == "Bearer")


async def test_doctor_reports_a_key_that_is_not_accepted() -> None:
    """A key that is refused either way costs two requests, and no options are reported."""
    found = await diagnosis(FakeMeltingSpot(auth_scheme="Token"))
    assert (found.accepted, found.requests) == (None, 2)
    assert "not accepted" in "\n".join(report(found))
    assert "Use:" not in list(report(found))
    assert found.error_bodies == {"401": {"message": "text"}}


@pytest.mark.parametrize("first_page", [0, 1])
@pytest.mark.parametrize(
    ("count", "largest", "default", "most", "options"),
    [
        (0, 100, None, None, {}),
        (1, 100, Count(1, exact=False), Count(1, exact=False), {}),
        (30, 100, Count(20, exact=True), Count(30, exact=False), {}),
        (300, 50, Count(20, exact=True), Count(50, exact=True), {"page_size": 50}),
        (300, 250, Count(20, exact=True), Count(250, exact=True), {"page_size": 250}),
        (300, 20_000, Count(20, exact=True), Count(300, exact=False), {}),
    ],
)
async def test_doctor_learns_how_lists_are_paged(
    first_page: Any, count: int, largest: int, default: Count, most: Count, options: dict[str, int]
) -> None:
    """The doctor learns the number of the first page, and the default and the largest number of items on a page."""
    fake = FakeMeltingSpot(first_page=first_page, largest_page=largest)
    fake.add(*members(count))
    found = await diagnosis(fake)
    assert found.first_page == (first_page if count else None)
    assert (found.default_limit, found.largest_limit, found.list_options) == (default, most, options)
    shown = "\n".join(report(found))
    assert ("unknown (too few items, or the service refused to say)" in shown) == (count == 0)
    assert all(f"{name}={value} for lists" in shown for name, value in options.items())


async def test_doctor_tries_a_smaller_limit_if_one_is_refused() -> None:
    """Where a limit of 10,000 is refused, one of 1,000 is tried; paths without a request left are reported."""
    fake = FakeMeltingSpot(auth_scheme="Bearer", largest_page=300)
    fake.add(*members(400))
    pass_on: list[Fault] = [Delay(0.0)] * 3
    fake.fail(Answer(401), *pass_on, Answer(400, b"limit too large"))
    found = await diagnosis(fake)
    assert found.largest_limit == Count(300, exact=True)
    assert found.error_bodies["400"] == "text, 15 bytes"
    assert found.skipped == ["/v1/forums", "/v1/spotMemberCustomRole"]
    assert "Not asked for, because all 12 requests were used: /v1/forums" in list(report(found))


async def test_doctor_reports_refused_pages_as_unknown() -> None:
    """Where neither a page nor a limit can be asked for, the report says that it does not know."""
    fake = FakeMeltingSpot()
    fake.add(*members(2))
    pass_on: list[Fault] = [Delay(0.0)] * 2
    fake.fail(*pass_on, Answer(400), Answer(400), Answer(400))
    found = await diagnosis(fake)
    assert (found.first_page, found.default_limit, found.largest_limit) == (None, Count(2, exact=False), None)
    assert found.error_bodies["400"] == "empty"


async def test_doctor_reports_what_the_models_do_not_know() -> None:
    """Unknown fields and values, missing fields and wrong types are reported by name and type, under their list."""
    fake = FakeMeltingSpot()
    fake.add(Course(id="c", extra=JsonObject({"somethingNew": 1, "x@example.com": 2})))
    fake.seed("c", 3)
    odd = {"items": [{"id": "l", "status": "Paused", "title": 7}, {"id": "k"}, 5], "total": 3}
    pass_on: list[Fault] = [Delay(0.0)] * 5
    fake.fail(*pass_on, Answer(200, json.dumps(odd).encode()))
    found = await diagnosis(fake)
    seen = {one.path: one for one in found.lists}
    assert seen["/v1/courses"].unknown == (
        "Course has a field that is not documented: somethingNew (kept in extra)",
        "Course has a field that is not documented: [email] (kept in extra)",
    )
    assert seen["/v1/courses/{courseId}/participants"].items == 3
    lives = seen["/v1/lives"]
    assert (lives.items, lives.problem) == (2, "$.title: expected a string, got a number")
    assert lives.absent_required == (
        "title", "startDate", "endDate", "metrics", "status", "computedStatus", "solution", "privacy"
    )  # fmt: skip
    assert lives.absent_optional == ("description", "config", "builtInType")
    shown = list(report(found))
    assert "  not as documented at $.title: expected a string, got a number" in shown
    assert "  documented, but missing from all items: description, config, builtInType" in shown


async def test_doctor_reports_limit_headers_and_shapes_of_errors() -> None:
    """Headers about a limit are shown; of the bodies of errors only the shape is, never their words."""
    fake = FakeMeltingSpot()
    body = {"error": {"code": 4, "fatal": True, "who": None, "ada@example.com": ["ada@example.com", 2]}}
    fake.fail(
        Answer(
            200,
            b'{"items": [], "total": 0}',
            {"X-RateLimit-Remaining": "99", "RateLimit": "100", "X-Other": "1"},
        ),
        Answer(200, b'["not", "a", "page"]'),
        Answer(404, json.dumps(body).encode()),
        Answer(503, b"  "),
    )
    found = await diagnosis(fake)
    assert found.rate_limit_headers == {"X-RateLimit-Remaining": "99", "RateLimit": "100"}
    assert found.error_bodies == {
        "404": {"error": {"code": "number", "fatal": "boolean", "who": "null", "[email]": ["text"]}},
        "503": "empty",
    }
    assert "Rate-limit headers: X-RateLimit-Remaining: 99, RateLimit: 100" in list(report(found))


async def test_doctor_reports_requests_without_an_answer() -> None:
    """A request that gets no answer is reported, and the other requests are sent all the same."""
    fake = FakeMeltingSpot(limits=[RateLimit(9, per=60.0)])
    fake.fail(Delay(0.0), Reset())
    found = await diagnosis(fake)
    assert "connection" in found.failures[0]
    assert "429" in found.failures[1]
    assert any(line.startswith("No answer: ") for line in report(found))


async def test_doctor_without_a_service_is_an_error() -> None:
    """If nothing answers, or the key cannot be sent, there is an error and no report."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(TransportError):
        await examine("key", f"http://127.0.0.1:{port}", limiter())
    with pytest.raises(UsageError):
        await examine("", "https://example.com", limiter())


def test_doctor_shows_no_person(fake: FakeMeltingSpot, monkeypatch: pytest.MonkeyPatch) -> None:
    """`meltingspot doctor` reports what it found, with --json all of it, and nothing about any person."""
    fill(fake)
    fake.add(*members(5, firstname="Grace", lastname="Hopper", phone="+33123"))
    printed = ""
    for arguments in (["doctor"], ["doctor", "--json"]):
        shown = run(*arguments)
        assert shown.exit_code == 0, shown.stderr
        printed += shown.stdout
    found = json.loads(printed[printed.index("{\n") :])
    assert found.keys() == attrs.fields_dict(Diagnosis).keys()
    assert found["requests"] <= 12
    assert not [
        word for word in ("@", "Ada", "Grace", "Hopper", "Byron", "+33123", fake.api_key) if word in printed
    ]
    assert "phone" in printed
    monkeypatch.setenv("MELTINGSPOT_API_KEY", "wrong")
    assert run("doctor").exit_code == 1
    monkeypatch.delenv("MELTINGSPOT_API_KEY")
    assert run("doctor").exit_code == 2
