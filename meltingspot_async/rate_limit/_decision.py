"""What a limiter decides, as one function of what is known, what a process states, and the time. Pure.

A *store* holds the state: the memory of one process, or Redis for many. A process takes a *step* whenever something
changed for it: it states what it holds, who waits in it and how its requests ended, and learns which slots it gets and
when its next step is due. :func:`decide` is that step. The script that Redis runs is its translation, line by line, and
a test holds their answers against each other over random histories.

**No window has more than its limit.** A slot is counted from before its request is sent (it is *in flight*) until a
window after its answer was in (it *cools*). The service receives the request in between. Suppose it received N + 1
requests within one window; the slot taken last among them was taken before its own request was received, hence less
than a window after any other of them was received, so that each of those was still counted. Then N + 1 slots were
counted at once, and a slot is only given while fewer than N are. A request that was given up counts as answered a
margin later, the longest it is assumed to travel on; one that was never sent is in no window and counts no more.

**A process that died loses nothing for the others.** Each step states everything that its process has in flight, so
that an answer that got lost changes nothing: the next step frees what it took. A process that took no step for a lease
is dead, for alive it would have renewed it within a third of it: its requests count as answered a margin after that.

**A page never waits for a batch.** BULK gets a slot only while more than the reserve of each limit is free, and of a
limit shorter than an hour never more than a reserve's worth within the time in which that many come free, so that what
it uses comes free steadily, too. One slot in ``max_passed_over + 1`` is an exception: it goes to a BULK request
before all pages and out of the reserve, except that of a day.

**A 429 is believed once, and not for ever.** It begins a pause, unless its request was sent before the last pause
began: a step states after which pause the request was sent. After a pause, one request finds out whether it still
holds, and the others wait for its answer, a shortest window at most. The shortest window then allows what passed in
the last one, and one more for each window without a refusal; a window in which nothing passed teaches nothing.
"""

from __future__ import annotations

import math

import attrs

from ._state import Process, Reply, Rules, State, Statement
from ._turns import Turns
from ._window import NEVER, Window


def decide(state: State, rules: Rules, said: Statement, time: float) -> Reply | None:
    """One step of one process; ``None``, and nothing is changed, for a step that arrives after a later one of it."""
    mine = state.processes.get(said.process)
    if mine is not None and said.step <= mine.step:
        return None
    if not _agree(state, rules, time):
        return Reply(0, 0, NEVER, NEVER, 0.0, 0.0, 0, [], is_conflict=True)
    now = state.tick(time)
    others = _others(state, rules, said.process, now)
    in_flight = said.held + sum([process.held for process in others])
    count(state, rules, said.answered, said.given_up, said.given_up_for)
    if state.tried_at >= 0 and said.answered > said.refused:
        state.in_doubt = False
    _heed_refusals(state, rules, said, now, in_flight)

    pages_open_at, batches_open_at = _open_at(state)
    pages_open_in, batches_open_in = pages_open_at - now, batches_open_at - now
    pages = said.pages if pages_open_in <= said.patience else 0
    batches = said.batches if batches_open_in <= said.patience else 0
    turn = mine.turn if mine is not None and mine.pages + mine.batches else now
    turns = Turns(state, rules, others, pages, batches, in_flight, turn)
    for_pages, for_batches = turns.give()
    free_at = due_at = NEVER
    if turns.pages + turns.batches:
        free_at = turns.free_at()
        due_at = turns.due_at(free_at)

    held = said.held + for_pages + for_batches
    if held + turns.pages + turns.batches:
        state.processes[said.process] = Process(
            now + rules.lease, said.step, held, turns.pages, turns.batches, due_at, turns.turn
        )
    elif mine is not None:
        del state.processes[said.process]
    return Reply(
        for_pages,
        for_batches,
        free_at - now,
        due_at - now,
        pages_open_in if pages_open_in > said.patience else 0.0,
        batches_open_in if batches_open_in > said.patience else 0.0,
        state.pauses,
        [max(0, window.free(turns.in_flight)) for window in state.windows],
    )


def take_page(state: State, held: int, time: float) -> bool:
    """Take a slot for a page as :func:`decide` would, where one process is alone and nobody waits in it.

    It is the most frequent step by far. ``False`` leaves it to :func:`decide`: no slot is free, or a 429 has to be
    thought of.
    """
    now = state.tick(time)
    if state.in_doubt or state.shortest.allowed < state.shortest.rule.requests:
        return False
    for window in state.windows:
        window.used.drop(now)
        if window.free(held) <= 0:
            return False
    state.passed_over = 0
    return True


def _agree(state: State, rules: Rules, time: float) -> bool:
    """Whether the rules stated hold: they do, unless others have stated other ones within a lease."""
    if rules is not state.rules and rules != state.rules:
        if time + state.offset < state.now + state.rules.lease:
            return False
        state.adopt(rules)
    return True


def _others(state: State, rules: Rules, me: str, now: float) -> list[Process]:
    """The other processes. The requests of those that are dead count as given up."""
    others: list[Process] = []
    for name, process in list(state.processes.items()):
        if name == me:
            continue
        if process.lease_end > now:
            # Who did not take its step when it was due no longer counts as waiting.
            if process.due_at + rules.grace < now:
                process = attrs.evolve(process, pages=0, batches=0)  # noqa: PLW2901 - the state keeps what it stated
            others.append(process)
        else:
            for window in state.windows:
                _cool(window, process.last_arrival(rules), process.held, now)
            del state.processes[name]
    return others


def _cool(window: Window, at: float, count: int, now: float) -> None:
    """So many requests count as answered at a time."""
    free_at = at + window.rule.per
    if count and free_at > now:
        window.used.add(free_at, count)


def count(state: State, rules: Rules, answered: int, given_up: int, given_up_for: float) -> None:
    """Count what became of requests, and forget what is free by now."""
    now = state.now
    for window in state.windows:
        window.used.drop(now)
        window.paced.drop(now)
        _cool(window, now + rules.rounding, answered, now)
        _cool(window, now - given_up_for + rules.margin, given_up, now)


def _heed_refusals(state: State, rules: Rules, said: Statement, now: float, in_flight: int) -> None:
    """Begin a pause, and learn what other programs use of the key."""
    shortest = state.shortest
    state.refused.drop(now)
    if said.refused:
        state.refused.add(now + shortest.rule.per, said.refused)
        if said.after >= state.pauses:
            state.pauses += 1
            state.paused_until = max(state.paused_until, now + said.pause)
            state.in_doubt, state.tried_at = True, -1.0
            state.allowed_before = shortest.allowed
            state.passed = shortest.used.total + in_flight - state.refused.total
        elif said.after == state.pauses - 1:
            state.passed -= said.refused
        passed = state.passed if state.passed > 0 else state.allowed_before
        shortest.allow(min(passed, state.allowed_before), rules.share)
        state.clean_since = max(now, state.paused_until)
    elif shortest.allowed < shortest.rule.requests and now - state.clean_since >= shortest.rule.per:
        clean = math.floor((now - state.clean_since) / shortest.rule.per)
        state.clean_since += clean * shortest.rule.per
        shortest.allow(min(shortest.rule.requests, shortest.allowed + clean), rules.share)


def _open_at(state: State) -> tuple[float, float]:
    """Until when the key is closed, for pages and for BULK: paused, or its allowance used up."""
    pages = batches = state.paused_until
    for window in state.windows:
        if window.rule.is_allowance:
            over = window.used.total - window.allowed + 1
            pages = max(pages, window.used.free_at(over))
            batches = max(batches, window.used.free_at(over + window.reserve))
    return pages, max(pages, batches)
