"""`courses report -o`: a page or a picture, which fetches nothing and is its owner's alone."""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import attrs
import pytest

from meltingspot_async import ParticipantStatus
from meltingspot_async._cli.report.counting import CourseReport
from meltingspot_async._cli.report.page import page_of
from meltingspot_async._cli.report.picture import picture_of
from meltingspot_async.testing import FakeMeltingSpot, make_course_participant

from ..support.cli import run

Draw = Callable[[CourseReport, str], str]
NOW = datetime(2026, 4, 22, 12, 0, tzinfo=UTC)


class Page(HTMLParser):
    """What a page holds, as a browser reads it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def report_of(*statuses: str) -> CourseReport:
    report = CourseReport(NOW)
    for number, status in enumerate(statuses):
        person = make_course_participant(number)
        report.add(attrs.evolve(person, status=ParticipantStatus(status)))
    return report


@pytest.mark.parametrize("name", ["r.html", "r.HTML", "r.svg"])
def test_saved_report_is_its_owners_alone(fake: FakeMeltingSpot, tmp_path: Path, name: str) -> None:
    """-o saves the whole report, for its owner alone, in place of an older one, and leaves nothing else behind."""
    fake.seed("course-1", 130)
    path = tmp_path / name
    path.write_text("older")
    path.chmod(0o644)
    result = run("courses", "report", "course-1", "-o", path)
    assert (result.exit_code, result.stdout) == (0, "")
    saved = path.read_text()
    assert "130 participants on " in saved
    assert "Funnel, by current status" in saved
    assert sys.platform == "win32" or path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("r.pdf", "saved as .html or .svg"),
        ("nowhere/r.svg", "nowhere does not exist"),
        ("folder.html", "folder.html is a folder"),
    ],
)
def test_report_that_cannot_be_saved_sends_nothing(
    fake: FakeMeltingSpot, tmp_path: Path, name: str, says: str
) -> None:
    """Another ending, a missing folder or a folder instead of a file is wrong usage, before anything is sent."""
    (tmp_path / "folder.html").mkdir()
    result = run("courses", "report", "c", "-o", tmp_path / name)
    assert result.exit_code == 2
    assert says in result.stderr
    assert not fake.received


def test_report_that_fails_to_be_written_leaves_the_older_one(
    fake: FakeMeltingSpot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a full disk the older report is still there, and no part of the new one."""

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "r.html").write_text("older")
    monkeypatch.setattr("os.fsync", full)
    result = run("courses", "report", "c", "-o", tmp_path / "r.html")
    assert result.exit_code == 1
    assert result.stderr == f"meltingspot: {tmp_path / 'r.html'}: No space left on device\n"
    assert [path.read_text() for path in tmp_path.iterdir()] == ["older"]


def test_page_says_what_it_is_and_fits_a_phone() -> None:
    """The page has a language, a title, an encoding and a viewport, and follows the browser into the dark."""
    text = page_of(report_of("Started", "Invited"), "course-1")
    page = Page(text)
    assert text.startswith("<!DOCTYPE html>")
    assert page.all("html") == [{"lang": "en"}]
    assert "Course course-1: report" in page.texts
    metas = page.all("meta")
    assert {"charset": "utf-8"} in metas
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in metas
    assert "prefers-color-scheme: dark" in text
    assert "2 participants on 2026-04-22 12:00 UTC" in page.texts


def test_page_has_each_bar_in_one_piece() -> None:
    """Each count is a row with its label and one bar, whose length is its share of the longest; none is no bar."""
    page = Page(page_of(report_of("Started", "Started", "Completed"), "c"))
    styles = [span["style"] or "" for span in page.all("span") if span["class"] == "bar"]
    widths = [re.findall(r"width: ([\d.]+)(%|px)", style) for style in styles[:4]]
    assert widths == [
        [("0.00", "%"), ("0", "px")],
        [("100.00", "%"), ("2", "px")],
        [("50.00", "%"), ("2", "px")],
        [("0.00", "%"), ("0", "px")],
    ]
    assert page.all("th").count({"scope": "row"}) == len(styles)


@pytest.mark.parametrize("draw", [page_of, picture_of])
def test_saved_report_fetches_nothing_and_runs_nothing(draw: Draw) -> None:
    """Neither a course id nor a status can put markup into the report; it has no script and no address."""
    text = draw(report_of("<script>alert(1)</script>", "\x1b[31m"), "<img src=x>&\x07")
    assert "<script" not in text
    assert "<img" not in text
    assert not set(text) & {"\x1b", "\x07"}
    assert "http" not in text.replace('xmlns="http://www.w3.org/2000/svg"', "").replace("http-equiv", "")
    assert not re.search(r"url\(|@import|href", text)


def test_picture_is_svg_with_all_rows() -> None:
    """The picture is well-formed, as high as its rows need, and cuts a label that would run into its bar."""
    picture = picture_of(report_of("Started", "AVeryLongStatusOfTheService"), "c")
    root = ET.fromstring(picture)
    names = {"svg": "http://www.w3.org/2000/svg"}
    texts = [element.text or "" for element in root.findall("svg:text", names)]
    assert "AVeryLongStat…" in texts
    assert "never" in texts
    height = int(root.attrib["viewBox"].split()[3])
    assert all(int(element.attrib["y"]) < height for element in root.findall("svg:text", names))


@pytest.mark.parametrize("draw", [page_of, picture_of])
def test_saved_report_of_an_empty_course_says_so(draw: Draw) -> None:
    """A course without participants is reported as such, without bars."""
    text = draw(CourseReport(NOW), "c")
    assert "No participants on 2026-04-22 12:00 UTC" in text
    assert "Funnel" not in text
    assert "1 participant on" in draw(report_of("Started"), "c")
