"""An asyncio client SDK for the MeltingSpot public API."""

from .batch import FetchResult
from .client import MeltingSpotClient
from .errors import (
    ApiError,
    AuthenticationError,
    BadRequestError,
    DeadlineExceededError,
    InvalidResponseError,
    LimiterUnavailableError,
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
from .events import AttemptFinished, AttemptStarted, Coalesced, Event, RetryScheduled, Throttled
from .models import CourseParticipant, ParticipantStatus
from .pagination import Listing, Page
from .rate_limit import Priority, RateLimit, RateLimiter, SlidingWindowLimiter
from .response import RawResponse
from .retry import RetryPolicy
from .session import SessionManager
from .version import __version__

__all__ = [
    "ApiError",
    "AttemptFinished",
    "AttemptStarted",
    "AuthenticationError",
    "BadRequestError",
    "Coalesced",
    "CourseParticipant",
    "DeadlineExceededError",
    "Event",
    "FetchResult",
    "InvalidResponseError",
    "LimiterUnavailableError",
    "Listing",
    "MeltingSpotClient",
    "MeltingSpotError",
    "NotFoundError",
    "Page",
    "ParticipantStatus",
    "PermissionDeniedError",
    "Priority",
    "QuotaExhaustedError",
    "RateLimit",
    "RateLimitError",
    "RateLimiter",
    "RawResponse",
    "RequestTimeoutError",
    "RetryPolicy",
    "RetryScheduled",
    "ServerError",
    "SessionManager",
    "SlidingWindowLimiter",
    "Throttled",
    "TransportError",
    "UsageError",
    "__version__",
]
