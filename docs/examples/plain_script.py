"""How far courses are: a script that has no ``async`` of its own. ``python
plain_script.py COURSE_ID...``
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Sequence

from meltingspot_async import MeltingSpotClient


def main(course_ids: Sequence[str]) -> None:
    """Print how many participants of each course have which status."""
    with (
        asyncio.Runner() as runner
    ):  # one event loop for all calls: the client belongs to it
        client = MeltingSpotClient.from_env()
        try:
            for course_id in course_ids:
                participants = runner.run(
                    client.course_participants.list(course_id).to_list()
                )
                print(
                    course_id, dict(Counter(one.status.value for one in participants))
                )
        finally:
            runner.run(client.aclose())


if __name__ == "__main__":
    main(sys.argv[1:])
