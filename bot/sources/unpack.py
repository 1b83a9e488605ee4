"""A body as it comes in, unpacked on the way, and never more of it in memory than the limit.

A few hundred bytes of gzip, brotli or zstd can stand for gigabytes. So unpacking is done in steps of bounded size,
and ends at the limit. One coding is unpacked, never codings within codings, which no publisher needs.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

import brotli  # type: ignore[import-untyped]

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ACCEPTED = "gzip, deflate, br, zstd"
"""What we tell publishers we can unpack."""

_STEP = 65_536  # bytes unpacked at a time
_STEPS = 8  # so many of them in one go
_MOST_MEMBERS = 1_000  # gzip streams one after another in one body; each costs time however empty it is
_ZSTD_WINDOW = 23  # 8 MB, the most RFC 9659 lets a server ask of us


class TooLargeError(Exception):
    """More than the limit, unpacked."""


class CodingError(Exception):
    """The body is not packed as its headers say, or in a way we do not unpack."""


class _Coder(Protocol):
    @property
    def finished(self) -> bool: ...

    def unpack(self, data: bytes) -> Iterator[bytes]: ...


class Body:
    """Collects a body. ``coding`` is its Content-Encoding; raises CodingError for one that is unknown or nested."""

    def __init__(self, coding: str, limit: int) -> None:
        self._coder = _coder(coding)
        self._left = limit
        self._parts: list[bytes] = []

    def add(self, data: bytes) -> None:
        """The next bytes from the wire. Raises TooLargeError, CodingError."""
        for _ in self.steps(data):
            pass

    def steps(self, data: bytes) -> Iterator[None]:
        """The same a little at a time: between two steps others may have their turn."""
        try:
            for number, part in enumerate(self._coder.unpack(data)):
                self._left -= len(part)
                if self._left < 0:
                    raise TooLargeError
                self._parts.append(part)
                if number % _STEPS == _STEPS - 1:
                    yield
        except (zlib.error, brotli.error, zstd.ZstdError) as error:
            raise CodingError(f"it cannot be unpacked: {error}") from None

    def whole(self) -> bytes:
        """All of it, after the last byte. Raises CodingError when the end is missing."""
        if self._parts and not self._coder.finished:
            raise CodingError("it ends in the middle of its packing")
        return b"".join(self._parts)


def _coder(coding: str) -> _Coder:
    names = [name.strip().lower() for name in coding.split(",")]
    names = [name for name in names if name not in ("", "identity")]
    if not names:
        return _Plain()
    maker = _CODERS.get(names[0])
    if maker is None or len(names) > 1:
        raise CodingError(f"its Content-Encoding is {coding[:60]!r}")
    return maker()


class _Plain:
    @property
    def finished(self) -> bool:
        return True

    def unpack(self, data: bytes) -> Iterator[bytes]:
        yield data


class _Zlib:
    """gzip, with several members one after another, and deflate with its header or (as many send it) without."""

    def __init__(self, bits: int) -> None:
        self._bits = bits
        self._stream: zlib._Decompress | None = None
        self._members = 0
        self._ended = False  # what follows is not another member: padding, ignored as browsers do

    @property
    def finished(self) -> bool:
        return self._ended or self._stream is None or self._stream.eof

    def unpack(self, data: bytes) -> Iterator[bytes]:
        while data and not self._ended:
            if self._stream is None:
                self._stream = zlib.decompressobj(self._window(data))
            yield self._stream.decompress(data, _STEP)
            data = self._stream.unconsumed_tail
            if self._stream.eof:
                data = self._next_member(self._stream.unused_data)

    def _window(self, data: bytes) -> int:
        headless = self._bits == zlib.MAX_WBITS and data[0] & 0x0F != 8
        return -zlib.MAX_WBITS if headless else self._bits

    def _next_member(self, data: bytes) -> bytes:
        self._members += 1
        self._stream = None
        if self._members > _MOST_MEMBERS:
            raise CodingError("it is packed in too many pieces")
        self._ended = self._bits == zlib.MAX_WBITS or bool(data and data[0] != 0x1F)
        return data


class _Brotli:
    def __init__(self) -> None:
        self._stream = brotli.Decompressor()

    @property
    def finished(self) -> bool:
        return bool(self._stream.is_finished())

    def unpack(self, data: bytes) -> Iterator[bytes]:
        if self.finished:
            return
        yield self._stream.process(data, output_buffer_limit=_STEP)
        while not self._stream.is_finished() and not self._stream.can_accept_more_data():
            yield self._stream.process(b"", output_buffer_limit=_STEP)


class _Zstd:
    def __init__(self) -> None:
        self._stream = zstd.ZstdDecompressor(
            options={zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW}
        )

    @property
    def finished(self) -> bool:
        return self._stream.eof

    def unpack(self, data: bytes) -> Iterator[bytes]:
        if self.finished:
            return
        yield self._stream.decompress(data, _STEP)
        while not self._stream.eof and not self._stream.needs_input:
            yield self._stream.decompress(b"", _STEP)


_CODERS: dict[str, Callable[[], _Coder]] = {
    "gzip": lambda: _Zlib(16 + zlib.MAX_WBITS),
    "x-gzip": lambda: _Zlib(16 + zlib.MAX_WBITS),
    "deflate": lambda: _Zlib(zlib.MAX_WBITS),
    "br": _Brotli,
    "zstd": _Zstd,
}
