"""A store that processes could share, in memory: for what a limiter asks, and when."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from meltingspot_async.rate_limit._decision import decide
from meltingspot_async.rate_limit._state import Reply, Rules, State, Statement

from .clock import now


class MemoryStore:
    """A store that notes when it was asked. It fails, hangs or blocks on request."""

    remedy = "Ask again."

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self.state = State.new(rules)
        self.asked: list[float] = []
        self.said: list[Statement] = []
        self.trouble: Callable[[], object] = lambda: None
        self.is_closed = False

    async def step(self, statement: Statement) -> Reply | None:
        self.asked.append(round(now() - 1_000.0, 6))
        self.said.append(statement)
        if isinstance(waiting := self.trouble(), asyncio.Future):
            await waiting
        return decide(self.state, self._rules, statement, int(now() * 1e6))

    async def close(self) -> None:
        self.is_closed = True

    def begin(self) -> None:
        pass
