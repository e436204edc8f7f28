"""The key and emails are in no error, log record, event or repr."""

from __future__ import annotations

import logging

import pytest

from meltingspot_async import (
    AttemptStarted,
    NotFoundError,
    RetryPolicy,
)
from meltingspot_async.testing import Answer, Delay, Reset, Truncate

from ..support.calls import failure, serving


async def test_key_and_emails_are_in_no_text(caplog: pytest.LogCaptureFixture) -> None:
    """Neither key nor emails stand in logs, events, errors or reprs, even when the service repeats them."""
    caplog.set_level(logging.DEBUG)
    seen: list[object] = []
    async with serving(on_event=seen.append, retry=RetryPolicy(attempts=1)) as (fake, client):
        echo = b'{"message": "key fake-key of ada@example.com is unknown"}'
        for fault in (
            Answer(401, echo),
            Answer(503, echo),
            Reset(),
            Truncate(),
            Answer(200, echo),
            Delay(99.0),
        ):
            fake.fail(fault)
            error: BaseException | None = await failure(client)
            while error is not None:
                seen += [error, repr(error), str(error), vars(error)]
                error = error.__cause__ or error.__context__
        with pytest.raises(NotFoundError) as refused:
            await client.get("/v1/spots", params={"email[in]": "ada@example.com"})
        seen += [
            refused.value,
            str(refused.value),
            client,
            client.session_manager,
            vars(client),
            vars(client.session_manager),
        ]
        assert sum(isinstance(item, AttemptStarted) for item in seen) == len(fake.received)
    reported = f"{seen} {caplog.text}"
    assert "503" in reported
    assert "fake-key" not in reported
    assert "ada@" not in reported
