"""Loops on which a test cancels a task at the n-th suspension of anything that runs there."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any, TypeVar, cast

import attrs
import uvloop

from .clock import short_stacks

T = TypeVar("T")


class LoopKind(enum.Enum):
    """What tasks run on."""

    ASYNCIO = "asyncio"
    EAGER = "eager tasks"
    """Tasks run when they are made, until they suspend: since Python 3.12."""
    UVLOOP = "uvloop"


class Moment(enum.Enum):
    """When a task is cancelled."""

    SUSPENDED = "suspended"
    """As somebody begins to wait."""
    WOKEN = "woken"
    """As what is waited for is there, before whoever waits can run."""


@attrs.define
class Suspensions:
    """Counts the suspensions of all tasks of a loop, and cancels one task at one of them."""

    kind: LoopKind
    left: int = attrs.field(default=0, init=False)
    """Suspensions until the task is cancelled; above 0 at its end if it had fewer."""
    struck: bool = attrs.field(default=False, init=False)
    """Whether the task was cancelled before its end."""
    _moment: Moment = attrs.field(default=Moment.SUSPENDED, init=False)
    _victim: asyncio.Task[Any] | None = attrs.field(default=None, init=False)

    def run(self, main: Coroutine[Any, Any, None]) -> None:
        """Like ``asyncio.run``, in debug mode."""
        with short_stacks(), asyncio.Runner(debug=True, loop_factory=self._new_loop) as runner:
            runner.run(main)

    def begin(self, work: Callable[[], Awaitable[T]], number: int, moment: Moment) -> asyncio.Task[T]:
        """Begin work in a task that is cancelled at the suspension of that number; with 0, before it begins."""
        self.left, self.struck, self._moment = number, False, moment

        async def victim() -> T:
            self._victim = asyncio.current_task()
            try:
                return await work()
            finally:
                self._victim = None

        task = asyncio.create_task(victim())
        if number == 0:
            self.struck = task.cancel()
        return task

    def suspends(self, awaited: object) -> None:
        """Count a suspension, of whatever task."""
        victim = self._victim
        self.left -= victim is not None
        if victim is None or self.left != 0:
            return
        if self._moment is Moment.WOKEN and isinstance(awaited, asyncio.Future):
            woken = cast("asyncio.Future[object]", awaited)
            woken.add_done_callback(lambda _: self._strike(victim))  # before that of whoever waits
        else:
            self._strike(victim)

    def _strike(self, victim: asyncio.Task[Any]) -> None:
        self.struck = victim.cancel()

    def _new_loop(self) -> asyncio.AbstractEventLoop:
        loop = uvloop.new_event_loop() if self.kind is LoopKind.UVLOOP else asyncio.new_event_loop()
        loop.set_task_factory(self._new_task)
        return loop

    def _new_task(self, loop: asyncio.AbstractEventLoop, work: Any, **options: Any) -> asyncio.Task[Any]:
        if self.kind is LoopKind.EAGER:
            options["eager_start"] = True

        return asyncio.Task(_Watched(work, self.suspends), loop=loop, **options)


@attrs.frozen(eq=False)
class _Watched(Coroutine[Any, Any, T]):
    """A coroutine that calls back with what it waits for each time that it suspends."""

    work: Coroutine[Any, Any, T]
    suspends: Callable[[object], None]

    def send(self, value: object, /) -> object:
        awaited = self.work.send(value)
        self.suspends(awaited)
        return awaited

    def throw(self, *error: Any) -> object:
        awaited = self.work.throw(*error)
        self.suspends(awaited)
        return awaited

    def close(self) -> None:
        self.work.close()

    def __await__(self) -> Generator[Any, None, T]:
        return self.work.__await__()
