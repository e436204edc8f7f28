"""The fake service answers every request as the contract says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast
from urllib.parse import urlencode

import aiohttp
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, assume, settings
from schemathesis.specs.openapi import checks

from meltingspot_async import RateLimit
from meltingspot_async.testing import FakeMeltingSpot

from ..support.thorough import THOROUGH, thorough
from .contract import DOCUMENT, KNOWN, OPERATIONS, fill

Case = schemathesis.Case[Any]
CONFIG = schemathesis.Config()
# Every bound of every parameter in turn: 4,000 requests.
CONFIG.projects.default.phases.coverage.enabled = THOROUGH
SCHEMA = schemathesis.openapi.from_dict({**DOCUMENT, "security": []}, config=CONFIG)
Test = Callable[[Case, str], None]
for_each_operation = cast("Callable[[Test], Test]", SCHEMA.parametrize())
does_not_reject = cast("Any", checks).negative_data_rejection
LONGEST = 4_000
"""Characters of a query, of which a server takes some 8,000 with the rest of the first line."""
BRIEFLY = settings(
    max_examples=40 if THOROUGH else 3,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    """The address of a fake service that holds every documented example."""
    fake = FakeMeltingSpot(limits=[RateLimit(10**9, per=10.0)])
    fill(fake)
    with fake:
        yield fake.base_url


def prepare(case: Case) -> None:
    """Make a generated case one that the contract allows.

    An export must begin with a date or an event, which OpenAPI cannot express. An object generated in place of a
    text is left out, because a query turns it into a text; so is an item of a list with a comma in it, because a
    query turns it into two items; so is an address too long for a server.
    """
    assume(len(urlencode(case.query, doseq=True)) < LONGEST)
    assume(not any(isinstance(value, dict) for value in case.query.values()))
    assume(not any("%2C" in getattr(value, "encoded", "") for value in case.query.values()))
    if case.operation.label == "GET /v1/activities~export" and not {"fromDate[eq]", "fromEventId"} & set(
        case.query
    ):
        case.query["fromDate[eq]"] = 0


@thorough
@for_each_operation
@BRIEFLY
def test_any_request_is_answered_as_documented(case: Case, base_url: str) -> None:
    """The contract allows the answer to every generated request, valid or not, for any ids and for ids it has."""
    prepare(case)
    key = {"Authorization": FakeMeltingSpot.api_key}
    case.call_and_validate(base_url=base_url, headers=key)
    case.path_parameters.update({name: KNOWN[name] for name in case.path_parameters})
    case.call_and_validate(base_url=base_url, headers=key, excluded_checks=[does_not_reject])


def test_every_operation_is_tried() -> None:
    """The generated tests cover every operation of the contract."""
    assert len(list(cast("Any", SCHEMA).get_all_operations())) == len(OPERATIONS)


@pytest.mark.parametrize("key", [None, "", "fake", "Bearer fake-key"])
async def test_request_without_the_key_is_unauthorized(
    fake_meltingspot: FakeMeltingSpot, key: str | None
) -> None:
    """The fake answers every request without the exact key with 401."""
    async with aiohttp.ClientSession(headers={"Authorization": key} if key is not None else {}) as session:
        for path, _ in OPERATIONS.values():
            answer = await session.get(fake_meltingspot.base_url + path.format_map(KNOWN))
            assert answer.status == 401, path
