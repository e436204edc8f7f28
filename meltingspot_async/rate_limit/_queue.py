"""Who waits for a slot, and in which order."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from ..errors import MeltingSpotError

MAX_PASSED_OVER = 50
"""Slots in a row that interactive requests get while bulk requests wait; the next one goes to a bulk request."""

Waiter = asyncio.Future[MeltingSpotError | None]
"""Resolved with ``None`` when a slot was taken for it, or with the reason why it gets no slot."""

Queue = OrderedDict[Waiter, float | None]
"""Waiters in order of arrival, each with its deadline: the first, or any other, is removed in O(1)."""
