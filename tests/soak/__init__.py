"""Many callers on a bad network for minutes: ``python -m tests.soak --minutes 10 --seed 1``."""
