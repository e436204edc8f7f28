"""The tree of exceptions: its shape, its texts, and that it can be pickled."""

from __future__ import annotations

import copy
import pickle

import pytest

from meltingspot_async import (
    ApiError,
    AuthenticationError,
    BadRequestError,
    DeadlineExceededError,
    InvalidItemsError,
    InvalidResponseError,
    LimiterUnavailableError,
    ListChangedError,
    ListsFailedError,
    MeltingSpotError,
    NotFoundError,
    PermissionDeniedError,
    QuotaExhaustedError,
    RateLimitError,
    RequestTimeoutError,
    ServerError,
    TransportError,
    UsageError,
)

TREE: dict[type[MeltingSpotError], tuple[type[Exception], ...]] = {
    UsageError: (MeltingSpotError, ValueError),
    ApiError: (MeltingSpotError,),
    BadRequestError: (ApiError,),
    AuthenticationError: (ApiError,),
    PermissionDeniedError: (ApiError,),
    NotFoundError: (ApiError,),
    RateLimitError: (ApiError,),
    ServerError: (ApiError,),
    TransportError: (MeltingSpotError,),
    RequestTimeoutError: (TransportError, TimeoutError),
    DeadlineExceededError: (MeltingSpotError, TimeoutError),
    QuotaExhaustedError: (MeltingSpotError,),
    LimiterUnavailableError: (MeltingSpotError,),
    InvalidResponseError: (MeltingSpotError,),
    ListsFailedError: (MeltingSpotError,),
    InvalidItemsError: (InvalidResponseError,),
    ListChangedError: (MeltingSpotError,),
}

SPECIMENS: list[tuple[MeltingSpotError, str]] = [
    (UsageError("course_id must be an id, not ''."), "course_id must be an id"),
    (ApiError(409, "/v1/x", "conflict"), "409 for GET /v1/x (conflict)."),
    (BadRequestError(400, "/v1/x"), "Check the ids and filters"),
    (AuthenticationError(401, "/v1/x"), 'try auth_scheme="Bearer"'),
    (PermissionDeniedError(403, "/v1/x"), "what this key may read"),
    (NotFoundError(404, "/v1/x", "course not found", "r-1", None, 1), "Check the ids"),
    (RateLimitError(429, "/v1/x", retry_after=7.0, attempts=5, pause=7.0), "retry after: 7 s"),
    (ServerError(503, "/v1/x", request_id="r-9"), "request id: r-9"),
    (TransportError("the connection failed (ClientOSError)", "/v1/x", 5), "Check the network"),
    (TransportError("Cannot connect", "/v1/x", sent=False), "attempts: 1"),
    (RequestTimeoutError("not answered within 30 s", "/v1/x"), "a longer timeout"),
    (DeadlineExceededError(wait_needed=8.25, deadline=3.0), "A wait of 8.25 s does not fit"),
    (DeadlineExceededError(wait_needed=None, deadline=3.0), "within the deadline of 3 s"),
    (InvalidItemsError("/v1/x", "$.items[0].id", "it is missing", 2, ("a", "b")), "2 items of GET /v1/x"),
    (ListChangedError("/v1/x", 3), "at least 3 items are missing"),
    (QuotaExhaustedError(retry_after=3600.0), "Try again in 3600 s"),
    (LimiterUnavailableError("ConnectionError"), "Check that Redis runs"),
    (InvalidResponseError("/v1/x", "$.id", "it is missing"), "at $.id: it is missing"),
]


@pytest.mark.parametrize(("kind", "bases"), TREE.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_error_classes_have_the_documented_bases(
    kind: type[MeltingSpotError], bases: tuple[type[Exception], ...]
) -> None:
    """Each class has the documented bases, so that one except clause catches what it should."""
    assert kind.__bases__ == bases


@pytest.mark.parametrize(("error", "says"), SPECIMENS, ids=lambda value: type(value).__name__)
def test_every_error_says_what_to_do_next(error: MeltingSpotError, says: str) -> None:
    """The text of an error says what went wrong and what to do next."""
    assert says in str(error)


@pytest.mark.parametrize("error", [error for error, _ in SPECIMENS], ids=lambda error: type(error).__name__)
def test_every_error_can_be_pickled_and_copied(error: MeltingSpotError) -> None:
    """Pickled or copied, an error keeps its class, its fields and its text."""
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(twin) is type(error)
        assert vars(twin) == vars(error)
        assert (str(twin), repr(twin)) == (str(error), repr(error))


def test_error_of_several_lists_names_the_first_three() -> None:
    """The error of several lists names the first three with what happened, and keeps all of them when pickled."""
    ids = ["a", "ada@example.com", "c", "d", "e"]
    error = ListsFailedError({name: NotFoundError(404, f"/v1/{number}") for number, name in enumerate(ids)})
    twin = pickle.loads(pickle.dumps(error))
    assert [str(one) for one in twin.errors.values()] == [str(one) for one in error.errors.values()]
    assert str(twin) == str(error)
    assert "read to the end: 5; all others were. Ask for these again" in str(error)
    assert "a: 404 for GET /v1/0" in str(error)
    assert "[email]: 404 for GET /v1/1" in str(error)
    assert "/v1/3" not in str(error)
    assert str(error).endswith("Look at .errors for the other 2.")


def test_deadline_says_when_to_come_back() -> None:
    """A call that had no time for a wait says how long that wait is, as every error does that says to try again."""
    assert DeadlineExceededError(wait_needed=8.25, deadline=3.0).retry_after == 8.25


def test_every_error_has_one_attribute_for_when_to_come_back() -> None:
    """Whatever went wrong, ``retry_after`` says when to come back, or that it is not known."""
    asked = {type(error): error.retry_after for error, _ in SPECIMENS if error.retry_after is not None}
    assert asked == {RateLimitError: 7.0, DeadlineExceededError: 8.25, QuotaExhaustedError: 3600.0}
    assert all(error.retry_after is None for error, _ in SPECIMENS if type(error) not in asked)
