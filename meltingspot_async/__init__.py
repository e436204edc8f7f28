"""An asyncio client SDK for the MeltingSpot public API."""

from typing import TYPE_CHECKING

from . import models
from ._first_use import loader
from ._version import __version__
from .errors import (
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
from .events import (
    AttemptFinished,
    AttemptStarted,
    CallEnded,
    CallEvent,
    CallStarted,
    Coalesced,
    Drift,
    Event,
    FreshAnswer,
    InvalidItem,
    RefreshFailed,
    RetryScheduled,
    StaleAnswer,
    Throttled,
    UnknownField,
    UnknownValue,
)

if TYPE_CHECKING:
    from ._http.endpoint import BASE_URL
    from ._http.freshness import Freshness
    from ._http.response import RawResponse, Response
    from ._http.retry import RetryPolicy
    from ._http.session import SessionManager
    from ._paging.get_many import FetchResult
    from ._paging.listing import Listing
    from ._paging.many_lists import ListPage, ManyLists
    from ._paging.page import Page
    from .client import MeltingSpotClient
    from .models import *  # noqa: F403 - all that it lists is ours, too
    from .rate_limit import DOCUMENTED_LIMITS, Priority, RateLimit, RateLimiter, SlidingWindowLimiter
    from .resources._base import ListOptions
    from .resources._filters import Range
else:
    __getattr__ = loader(
        __name__,
        {
            "_http.endpoint": ["BASE_URL"],
            "_http.freshness": ["Freshness"],
            "_http.response": ["RawResponse", "Response"],
            "_http.retry": ["RetryPolicy"],
            "_http.session": ["SessionManager"],
            "_paging.get_many": ["FetchResult"],
            "_paging.listing": ["Listing"],
            "_paging.many_lists": ["ListPage", "ManyLists"],
            "_paging.page": ["Page"],
            "client": ["MeltingSpotClient"],
            "models": models.__all__,
            "rate_limit": [
                "DOCUMENTED_LIMITS",
                "Priority",
                "RateLimit",
                "RateLimiter",
                "SlidingWindowLimiter",
            ],
            "resources._base": ["ListOptions"],
            "resources._filters": ["Range"],
        },
    )

__all__: list[str] = [
    "BASE_URL",
    "DOCUMENTED_LIMITS",
    "ApiError",
    "AttemptFinished",
    "AttemptStarted",
    "AuthenticationError",
    "BadRequestError",
    "CallEnded",
    "CallEvent",
    "CallStarted",
    "Coalesced",
    "DeadlineExceededError",
    "Drift",
    "Event",
    "FetchResult",
    "FreshAnswer",
    "Freshness",
    "InvalidItem",
    "InvalidItemsError",
    "InvalidResponseError",
    "LimiterUnavailableError",
    "ListChangedError",
    "ListOptions",
    "ListPage",
    "Listing",
    "ListsFailedError",
    "ManyLists",
    "MeltingSpotClient",
    "MeltingSpotError",
    "NotFoundError",
    "Page",
    "PermissionDeniedError",
    "Priority",
    "QuotaExhaustedError",
    "Range",
    "RateLimit",
    "RateLimitError",
    "RateLimiter",
    "RawResponse",
    "RefreshFailed",
    "RequestTimeoutError",
    "Response",
    "RetryPolicy",
    "RetryScheduled",
    "ServerError",
    "SessionManager",
    "SlidingWindowLimiter",
    "StaleAnswer",
    "Throttled",
    "TransportError",
    "UnknownField",
    "UnknownValue",
    "UsageError",
    "__version__",
]
__all__ += models.__all__


def __dir__() -> list[str]:
    return __all__
