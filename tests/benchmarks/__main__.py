"""Ratios side by side: ``python -m tests.benchmarks [--quick]`` writes docs/benchmarks.md; nothing fails."""

from __future__ import annotations

import sys
import time

from . import (
    allowance,
    call,
    import_time,
    many_ids,
    page_latency,
    peak_memory,
    slots,
    structuring,
    waiting_memory,
    whole_reads,
)
from .measure import Row
from .report import Question, write

QUESTIONS = (
    Question("call", "What a call costs", call.rows),
    Question("structuring", "What checking an answer costs", structuring.rows),
    Question("allowance", "How much of the allowance is used, and what is refused", allowance.rows),
    Question("page_latency", "How long a page waits beside a batch", page_latency.rows),
    Question("many_ids", "How many requests many ids take", many_ids.rows),
    Question("slots", "What a slot costs", slots.rows),
    Question("waiting_memory", "What a waiting call keeps in memory", waiting_memory.rows),
    Question("import_time", "What the import costs", import_time.rows),
    Question("whole_reads", "Lists and batches at the speed of the allowance", whole_reads.rows),
    Question("peak_memory", "Memory while very much is read", peak_memory.rows),
)


def main(*options: str) -> None:
    """Measure everything, and write the page."""
    quick = "--quick" in options
    answers: list[tuple[Question, list[Row]]] = []
    for question in QUESTIONS:
        started = time.perf_counter()
        answers.append((question, question.rows(quick)))
        print(f"{question.words}: measured in {time.perf_counter() - started:.0f} s", flush=True)
    write(answers, quick)


if __name__ == "__main__":
    main(*sys.argv[1:])
