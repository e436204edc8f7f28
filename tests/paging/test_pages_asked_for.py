"""Which pages are asked for, one after the other: stories of services, and what the cursor knows at each page."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import pytest

from meltingspot_async import ApiError
from meltingspot_async._http.list_habits import ListHabits
from meltingspot_async._paging.cursor import PageCursor


@attrs.frozen
class Story:
    """A service, and how a list of it is read. An item is a letter; a number in place of a page is a refusal."""

    name: str
    pages: Mapping[int, str | int]
    size: int
    total: int | str
    """What each page says; ``"own"`` for the number of its items."""
    steps: str
    """Pages asked for; after each, how many may be asked for at once, how many are left, and ``!`` at a seeming end."""
    end: str
    """What is missing or wrong then."""
    learned: str
    """The largest page, what totals count, how pages are counted and the largest limit, as far as it is known."""
    totals: Mapping[int, int] = attrs.field(factory=dict[int, int])
    behind: str | int = ""
    """All other pages."""
    first: int | None = None
    given: str = ""
    refused_size: int | None = None
    habits: ListHabits = attrs.field(factory=ListHabits)


STORIES = [
    Story(
        "pages are empty below the total",
        {},
        2,
        20,
        "1:9/10 2:8/10 3:7/10 4:1/10 0:0/0",
        "20 missing",
        "0 total=list",
    ),
    Story(
        "a total vanishes",
        {1: "ab", 2: "cd"},
        2,
        0,
        "1:2/2 2:1/1 3:1/1 0:0/0",
        "moved",
        "2 total=list from 1",
        totals={1: 5},
    ),
    Story(
        "refused behind a short page",
        {1: "ab", 2: "c"},
        2,
        5,
        "1:2/2 2:1/1 0:1/1 3:0/0",
        "2 missing",
        "2 total=list from 1",
        behind=404,
    ),
    Story(
        "pages are smaller than asked for",
        {1: "ab", 2: "cd", 3: "ef", 4: "gh", 5: "i"},
        100,
        9,
        "1:1/1 2:3/3 3:2/2 4:1/1 5:0/0!",
        "",
        "2 total=list",
    ),
    Story(
        "the total is the page's own, unlike others",
        {1: "ab", 2: "cd", 3: "e"},
        2,
        "own",
        "1:1/1 2:1/1 3:1/1 0:0/0",
        "",
        "2 total=list from 1",
        habits=ListHabits(total_counts_list=True),
    ),
    Story(
        "refused in the middle, page 0 short",
        {0: "x", 1: "ab", 2: 404},
        2,
        5,
        "1:2/2 2:1/2 0:0/0",
        "2 missing, refused 404, from 0",
        "2 total=list",
    ),
    Story(
        "page 1 is refused, and page 0 full",
        {0: "ab", 1: 404},
        2,
        5,
        "1:1/1 0:0/0",
        "3 missing, refused 404, from 0",
        "2 total=list",
    ),
    Story(
        "a page of repeats among those behind the total",
        {1: "ab", 2: "cd", 3: "ef", 4: "ac", 5: "bd", 6: "gh", 7: "ij", 8: "kl", 9: "mn"},
        2,
        2,
        "1:1/1 2:1/1 3:1/1 4:1/1 5:1/1 6:1/1 7:2/1 8:2/1 9:2/1 10:1/1 0:0/0",
        "moved",
        "2 total=list from 1",
    ),
    Story(
        "behind the end nothing is counted",
        {1: "ab"},
        2,
        0,
        "1:1/1 2:1/1! 0:0/0!",
        "",
        "2 from 1",
        totals={1: 2},
    ),
    Story(
        "items moved by exactly one page",
        {1: "ab", 2: "ab", 3: "x"},
        2,
        5,
        "1:1/1 2:1/1 3:0/0!",
        "",
        "2 total=list",
        totals={1: 3},
    ),
    Story(
        "a page repeats half of another",
        {1: "ab", 2: "cd", 3: "ad", 4: "ef"},
        4,
        12,
        "1:2/3 2:4/4 3:3/3 4:2/2 5:1/2 0:0/0",
        "6 missing, moved",
        "2 total=list from 1",
    ),
    Story(
        "pages repeat each other below the total",
        {1: "ab", 2: "ba", 3: "ab", 4: "ba", 5: "ab", 6: "ba", 7: "cd"},
        2,
        100,
        "1:9/49 2:9/48 3:9/47 4:9/46 5:9/45 6:9/44 7:9/43 8:9/43 9:9/43 10:9/43 11:1/43 0:0/0",
        "96 missing, moved",
        "2 total=list from 1",
    ),
    Story("a page has more than the total", {1: "abc"}, 5, 2, "1:1/1 2:1/1 0:0/0", "", "3 total=list from 1"),
    Story(
        "pages repeat each other behind the total",
        {1: "ab", 2: "cd", 3: "ac", 4: "bd", 5: "ab", 6: "cd", 7: "ac", 8: "bd"},
        2,
        4,
        "1:1/1 2:1/1 3:1/1 4:1/1 5:1/1 6:1/1 0:0/0",
        "moved",
        "2 total=list from 1",
    ),
    Story(
        "other lists have larger pages",
        {1: "ab"},
        5,
        1,
        "1:1/1 0:0/0",
        "",
        "3 total=list from 1",
        habits=ListHabits(largest_page=3),
    ),
    Story(
        "from page 0, which is short",
        {0: "a", 1: "bc", 2: "d", 3: "e"},
        2,
        5,
        "0:2/2 1:1/1 2:1/1 3:0/0!",
        "from 0",
        "2 total=list",
        first=0,
    ),
    Story(
        "items are missing, counted from 1",
        {1: "ab"},
        2,
        5,
        "1:2/2 2:1/2 3:1/2 0:0/0",
        "3 missing",
        "2 total=list from 1",
        habits=ListHabits(counts_from_1=True),
    ),
    Story(
        "the total is the one page's own",
        {1: "ab"},
        5,
        "own",
        "1:1/1! 2:0/0!",
        "",
        "2 total=page from 1",
        habits=ListHabits(total_counts_list=False, counts_from_1=True),
    ),
    Story(
        "a smaller limit was taken for the largest",
        {0: "abc"},
        100,
        3,
        "1:1/1 0:0/0!",
        "from 0",
        "3",
        behind=404,
        refused_size=3,
        habits=ListHabits(largest_limit=50),
    ),
    Story(
        "every page is refused",
        {},
        100,
        3,
        "1:1/1 0:0/0",
        "refused 404",
        "0 limit=50",
        behind=404,
        refused_size=3,
        habits=ListHabits(largest_limit=50),
    ),
    Story(
        "the only page is page 0",
        {0: "a"},
        100,
        1,
        "1:1/1 0:0/0!",
        "from 0",
        "1 limit=50",
        behind=404,
        habits=ListHabits(largest_limit=50),
    ),
    Story(
        "the total of page 0 is larger",
        {0: "ab", 1: "cd", 2: "e"},
        2,
        0,
        "1:2/2 2:1/1 0:1/1 3:0/0",
        "moved, from 0",
        "2 total=list",
        totals={1: 5, 2: 5, 0: 6},
    ),
    Story(
        "page 0 repeats an item",
        {0: "ac", 1: "cd", 2: "e"},
        2,
        0,
        "1:2/2 2:1/1 0:0/0",
        "1 missing, moved, from 0",
        "2 total=list",
        totals={1: 5, 2: 5, 0: 5},
    ),
    Story(
        "each total is its page's own",
        {1: "ab", 2: "bc", 3: "d"},
        2,
        "own",
        "1:1/1 2:1/1 3:1/1 0:0/0",
        "moved",
        "2 total=page from 1",
    ),
    Story(
        "counted from 0, and refused behind the end",
        {0: "ab", 1: "cd"},
        2,
        4,
        "1:1/1 2:1/1 0:0/0",
        "from 0",
        "2 total=list",
        behind=404,
    ),
    Story(
        "the total is capped",
        {1: "ab", 2: "cd", 3: "ef", 4: "gh", 5: "ij", 6: "kl", 7: "mn", 8: "op", 9: "q"},
        2,
        2,
        "1:1/1 2:1/1 3:1/1 4:1/1 5:2/1 6:2/1 7:2/1 8:2/1 9:1/1 0:0/0",
        "",
        "2 total=list from 1",
    ),
    Story("one page holds all", {1: "ab"}, 5, "own", "1:0/0!", "", "2"),
    Story(
        "refused in the middle",
        {1: "ab", 2: 404, 3: "e"},
        2,
        5,
        "1:2/2 2:1/2 0:0/0",
        "3 missing, refused 404",
        "2 total=list from 1",
    ),
    Story("the list is empty", {}, 2, 0, "1:0/0!", "", "0"),
    Story(
        "read again from page 0",
        {0: "ab", 1: "cd", 2: "e"},
        2,
        5,
        "0:2/2 1:1/1 2:0/0!",
        "from 0",
        "2 total=list",
        first=0,
        given="ab",
    ),
    Story(
        "the last page is given again for ever",
        {1: "ab"},
        2,
        100,
        "1:9/49 2:1/49 0:0/0",
        "98 missing",
        "2 total=list from 1",
        behind="ab",
    ),
    Story(
        "a short page in the middle",
        {1: "ab", 2: "c", 3: "de"},
        2,
        5,
        "1:2/2 2:1/1 0:1/1 3:0/0",
        "",
        "2 total=list from 1",
    ),
]


def read(told: Story) -> PageCursor:
    """The cursor at the beginning of a story."""
    given, habits = frozenset(told.given), attrs.evolve(told.habits)
    if told.first is None:
        cursor = PageCursor(told.size, given=given, habits=habits)
    else:
        cursor = PageCursor(told.size, told.first, given=given, habits=habits)
    if told.refused_size is not None:
        cursor.refused_size = told.refused_size
    return cursor


def learned(habits: ListHabits) -> str:
    """What is known of the lists of a resource, as a story writes it."""
    total = {None: "", True: " total=list", False: " total=page"}[habits.total_counts_list]
    limit = f" limit={habits.largest_limit}" if habits.largest_limit else ""
    return f"{habits.largest_page}{total}{' from 1' * habits.counts_from_1}{limit}"


def ended(cursor: PageCursor) -> str:
    """How a reading ended, as a story writes it."""
    refusal = cursor.refusal
    parts = [
        f"{cursor.missing} missing" if cursor.missing else "",
        f"refused {refusal.status}" if isinstance(refusal, ApiError) else "",
        "moved" if cursor.movement.lost_items else "",
        "from 0" if cursor.is_counted_from_0 else "",
    ]
    return ", ".join(part for part in parts if part)


@pytest.mark.parametrize("told", STORIES, ids=lambda told: told.name)
def test_pages_are_asked_for_in_this_order(told: Story) -> None:
    """Each story's pages are asked for, no more, and as many at once as are known to be there."""
    cursor, steps = read(told), list[str]()
    while cursor.next_page is not None:
        assert len(steps) < 20, "the reading does not end"
        number = cursor.next_page
        page = told.pages.get(number, told.behind)
        if isinstance(page, int):
            cursor.refused(ApiError(page, "/"))
        else:
            total = told.totals.get(number, told.total)
            cursor.received(list(page), total if isinstance(total, int) else len(page))
        known = f"{len(cursor.upcoming(9))}/{cursor.pages_left}{'!' * cursor.seems_whole}"
        steps.append(f"{number}:{known}")
    assert (" ".join(steps), ended(cursor), learned(cursor.habits)) == (told.steps, told.end, told.learned)
