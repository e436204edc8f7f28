"""Bodies of a 200: encodings, sizes, types of media."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from itertools import chain, repeat

from meltingspot_async import InvalidResponseError, TransportError

from ..fault import NOTHING, VALUE, Fault, Outcome, Right, Step, Way, final, transient

NOT_JSON = final(InvalidResponseError, "it is not JSON")
EMPTY = final(InvalidResponseError, "it is empty")
TOO_LARGE = final(InvalidResponseError, "larger than max_response_bytes")
LONG_LINE = final(InvalidResponseError, "a line is longer")
BROKEN_LINE = transient(TransportError, "in the middle of a line")
"""What a last line that is not JSON tells an export: the answer was cut."""

UNREADABLE = transient(TransportError)
MEDIA_TYPES = ("text/html", "text/plain; charset=latin-1", "application/octet-stream", "odd", "")


def body(
    name: str, outcome: Outcome, spoil: Callable[[bytes], bytes], export: Outcome | None = None
) -> Fault:
    """The right answer with a changed body."""
    other: dict[Way, Outcome | None] = {} if export is None else {"export": export}
    return Fault(name, outcome, lambda right: [right.answer(body=spoil(right.body))], other=other)


def _encoded(
    encoding: str,
    outcome: Outcome,
    encode: Callable[[bytes], bytes] = bytes,
    but: str = "",
    export: Outcome | None = None,
) -> Fault:
    """The right answer with an encoding."""
    return Fault(
        f"`Content-Encoding: {encoding}`{but}",
        outcome,
        lambda right: [right.answer(body=encode(right.body), Content_Encoding=encoding)],
        other={} if export is None else {"export": export},
    )


def _typed(media_type: str) -> Fault:
    return Fault(
        f"`Content-Type: {media_type}`, and the right body",
        VALUE,
        lambda right: [right.answer().replace(b"application/json", media_type.encode(), 1)],
    )


def unknown_encoding(name: str = "") -> Outcome:
    """What it is called is known only where aiohttp could decode it."""
    return final(TransportError, f"encoded as {name}")


@cache
def bomb() -> bytes:
    """64 MiB of blanks, compressed."""
    return gzip.compress(b" " * 2**26, 9)


def _endless(right: Right) -> Iterator[Step]:
    return chain([right.head(Transfer_Encoding="chunked")], repeat(b"10000\r\n" + b"[" * 65536 + b"\r\n"))


def _endless_chunk(right: Right) -> Iterator[Step]:
    return chain([right.head(Transfer_Encoding="chunked"), b"f" * 12 + b"\r\n"], repeat(b" " * 65536))


BODIES = (
    body("an empty body", EMPTY, lambda _: b"", NOTHING),
    body("blanks", EMPTY, lambda _: b" \n \r\n", NOTHING),
    body("a page of HTML", NOT_JSON, lambda _: b"<!doctype html><title>Log in</title>\n"),
    body("text", NOT_JSON, lambda _: b"No service today\n"),
    body("random bytes", NOT_JSON, lambda _: bytes(range(128, 256)) + b"\n"),
    body("JSON that was cut", NOT_JSON, lambda right: right[:-9], BROKEN_LINE),
    body("garbage behind the JSON", NOT_JSON, lambda right: right + b"garbage", BROKEN_LINE),
    body("UTF-16", NOT_JSON, lambda right: right.decode().encode("utf-16")),
    body("UTF-8 with a byte order mark", VALUE, lambda right: b"\xef\xbb\xbf" * bool(right.strip()) + right),
    *map(_typed, MEDIA_TYPES),
    _encoded("identity", VALUE),
    _encoded("gzip", VALUE, gzip.compress),
    _encoded("GZip", VALUE, gzip.compress),
    _encoded("deflate", VALUE, zlib.compress),
    _encoded("gzip", UNREADABLE, bytes, " on a plain body"),
    _encoded("deflate", UNREADABLE, lambda right: b"\xff" + right, " on something else"),
    _encoded("gzip", NOT_JSON, lambda right: gzip.compress(right[:-9]), " of a cut body", BROKEN_LINE),
    _encoded("gzip, gzip", unknown_encoding("gzip, gzip"), lambda right: gzip.compress(gzip.compress(right))),
    _encoded("br", unknown_encoding()),
    _encoded("zstd", unknown_encoding()),
    _encoded("x-odd", unknown_encoding("x-odd")),
    _encoded("gzip", TOO_LARGE, lambda _: bomb(), " of 64 MiB of blanks", LONG_LINE),
    Fault("chunks without end", TOO_LARGE, _endless, other={"export": LONG_LINE}),
    Fault("a chunk without end", TOO_LARGE, _endless_chunk, other={"export": LONG_LINE}),
    Fault(
        "a body of 1 TB",
        TOO_LARGE,
        lambda right: chain([right.head(length=10**12)], repeat(b"[" * 65536)),
        other={"export": LONG_LINE},
    ),
)
