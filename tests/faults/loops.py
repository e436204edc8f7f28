"""The event loops under which faults are tried. On both, waits are short, and as long as they say."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context
from typing import Literal

import uvloop

from ..support.clock import VirtualLoop

SPEED = 20.0
"""Seconds that pass on a hurried loop in one real second."""

LoopName = Literal["asyncio", "uvloop"]


class HurriedLoop(uvloop.Loop):
    """uvloop, whose clock cannot be virtual, with one that runs faster."""

    def time(self) -> float:
        return super().time() * SPEED

    def call_later(
        self, delay: float, callback: Callable[..., object], *args: object, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return super().call_later(max(0.0, delay) / SPEED, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[..., object], *args: object, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_later(when - self.time(), callback, *args, context=context)


LOOPS: dict[LoopName, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": VirtualLoop,
    "uvloop": HurriedLoop,
}
