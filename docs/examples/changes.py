"""What changed since the last run, by the activities: ``python changes.py FOLDER``

Prints how often members did what, and reads the courses again in which somebody did
something. The first run begins 24 hours ago.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from meltingspot_async import MeltingSpotClient, NotFoundError

COURSE_FIELD = "courseId"
"""Where an activity names its course. The service documents only ``type``: look at one
of yours, and change this.
"""


async def main(folder: Path) -> None:
    """Print what changed, and remember how far that was."""
    bookmark = folder / "last_event"
    last = bookmark.read_text() if bookmark.exists() else None
    counts = Counter[str]()
    courses = set[str]()
    async with MeltingSpotClient.from_env() as client:
        begin = None if last else datetime.now(UTC) - timedelta(days=1)
        # All types: filtering here is safe, see "Activities".
        async for activity in client.activities.export(
            from_event_id=last, from_date=begin
        ):
            last = activity.id or last
            counts[activity.type] += 1
            course = activity.extra.get(COURSE_FIELD)
            if isinstance(course, str):
                courses.add(course)
        for course in sorted(courses):
            try:
                statuses = Counter(
                    [
                        one.status.value
                        async for one in client.course_participants.list(course)
                    ]
                )
            except NotFoundError:  # deleted since
                continue
            print(course, dict(statuses))
    for what, count in counts.most_common():
        print(f"{count:6} {what}")
    if last is not None:
        bookmark.write_text(last)  # only now: a run that fails is repeated as a whole


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
