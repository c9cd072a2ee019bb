"""The file from which a server has its graph in memory again, without reading the database.

A snapshot is only ever a saving of time. It is written beside its place and moved there whole; it is used only if every
checksum is right, if it is of this format, and if the database's own ledger holds the very change that was its last.
Whatever is wrong with it, the graph is loaded from the database, and the log says why. It holds everything that the
database does about footprints, so only its owner may read it (mode 0600), like the database.

Layout: MAGIC; lengths and checksums of header and document; the header (JSON: the arrays, each with its type, shape and
checksum); the document (JSON); the arrays, each at a multiple of ALIGNMENT; MAGIC again.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import stat
import struct
import tempfile
import time
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import numpy.typing as npt

from exchange.memory import Packed, Present, pack, room, unpack
from exchange.model.ledger import Change

MAGIC: Final = b"FOOTPRINT GRAPH\n"
LENGTHS: Final = struct.Struct("<QIQI")  # bytes and checksum of the header, and of the document
ALIGNMENT: Final = 64
HEADER_BYTES_MAX: Final = 1_000_000  # a hundred arrays take some ten thousand
LEFT_BEHIND_SECONDS: Final = 3_600  # writing takes seconds; whoever has not written for so long never will
DTYPES: Final = frozenset({"|u1", "|i1", "|V16", "<u2", "<i2", "<u4", "<i4", "<i8", "<f4", "<f8"})


class SnapshotUnusable(Exception):
    """Why a snapshot was not taken: for the log."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A graph out of a file. last: the last change of the ledger that it knows; written_at: seconds since 1970."""

    present: Present
    last: Change
    written_at: float


@dataclass(frozen=True, slots=True)
class SnapshotFile:
    """Where one server keeps its graph. Servers that share a file replace each other's, which harms nobody."""

    path: Path

    def write(self, present: Present, last: Change) -> int:
        """Replaces the file, and returns its bytes; the graph may be read meanwhile, but not changed. Raises OSError,
        and SnapshotUnusable where the place holds something else than a snapshot: that is left alone."""
        self._check_place()
        packed = pack(present)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._clear_away()
        handle, name = tempfile.mkstemp(prefix=self._prefix, dir=self.path.parent)  # mode 0600
        part = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                size = _write(file, packed, last)
            part.replace(self.path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        return size

    def _check_place(self) -> None:
        """A name that was mistaken must not cost anybody a file."""
        try:
            if not stat.S_ISREG(self.path.stat().st_mode):
                raise SnapshotUnusable("there is something that is no file")
            with self.path.open("rb") as file:
                begins = file.read(len(MAGIC))
        except FileNotFoundError:
            return
        if not MAGIC.startswith(begins):  # an empty or cut off one may be replaced
            raise SnapshotUnusable("there is a file that is no snapshot; name another place, or remove it")

    @property
    def _prefix(self) -> str:
        return f".{self.path.name}."

    def _clear_away(self) -> None:
        """Removes what servers that were killed while they wrote have left behind."""
        for part in self.path.parent.glob(f"{self._prefix}*"):
            with contextlib.suppress(OSError):
                if time.time() - part.stat().st_mtime > LEFT_BEHIND_SECONDS:
                    part.unlink()

    def read(self) -> Kept | None:
        """What was kept; None: there is no file. Raises SnapshotUnusable where it cannot be used."""
        try:
            if not stat.S_ISREG(self.path.stat().st_mode):  # opening a pipe would wait for whoever writes
                raise SnapshotUnusable("it is no file")
            with self.path.open("rb") as file:
                return _read(file)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SnapshotUnusable(f"it cannot be read: {error.strerror}") from None


def _write(file: IO[bytes], packed: Packed, last: Change) -> int:
    arrays = {name: np.ascontiguousarray(values) for name, values in packed.arrays.items()}
    header = _json(
        {
            "last": list(dataclasses.astuple(last)),
            "written_at": time.time(),
            "arrays": [
                [name, values.dtype.str, list(values.shape), zlib.crc32(_bytes(values))]
                for name, values in arrays.items()
            ],
        }
    )
    document = _json(packed.document)
    file.write(MAGIC + LENGTHS.pack(len(header), zlib.crc32(header), len(document), zlib.crc32(document)))
    file.write(header)
    file.write(document)
    for values in arrays.values():
        file.write(b"\0" * (-file.tell() % ALIGNMENT))
        file.write(_bytes(values))
    file.write(MAGIC)
    return file.tell()


def _read(file: BufferedReader) -> Kept:
    left = os.fstat(file.fileno()).st_size
    if file.read(len(MAGIC)) != MAGIC:
        raise SnapshotUnusable("it is no snapshot of a graph")
    lengths = file.read(LENGTHS.size)
    if len(lengths) != LENGTHS.size:
        raise SnapshotUnusable("it is cut off")
    header_bytes, header_sum, document_bytes, document_sum = LENGTHS.unpack(lengths)
    if header_bytes > min(HEADER_BYTES_MAX, left) or document_bytes > left:
        raise SnapshotUnusable("it is damaged or cut off")
    header = _checked(file.read(header_bytes), header_bytes, header_sum)
    document = _checked(file.read(document_bytes), document_bytes, document_sum)
    try:
        arrays = dict(_arrays(file, header["arrays"], left))
        last = Change(*header["last"])
        return Kept(unpack(Packed(arrays, document)), last, float(header["written_at"]))
    except (ValueError, TypeError, KeyError) as error:
        raise SnapshotUnusable(f"it does not fit together ({error})") from None


def _arrays(file: BufferedReader, listed: Iterable[Any], left: int) -> Iterable[tuple[str, npt.NDArray[Any]]]:
    for name, dtype, shape, checksum in listed:
        if dtype not in DTYPES or not all(isinstance(length, int) and length >= 0 for length in shape):
            raise SnapshotUnusable("it holds something else than this exchange writes")
        size = int(np.prod(shape, dtype=np.float64))
        file.seek(-file.tell() % ALIGNMENT, os.SEEK_CUR)
        if size * np.dtype(dtype).itemsize > left:
            raise SnapshotUnusable("it is cut off")
        values = room((size,), dtype)
        if size and file.readinto(_bytes(values)) != values.nbytes:
            raise SnapshotUnusable("it is cut off")
        if zlib.crc32(_bytes(values)) != checksum:
            raise SnapshotUnusable("it is damaged")
        yield name, values.reshape(shape)
    if file.read(len(MAGIC) + 1) != MAGIC:
        raise SnapshotUnusable("it is cut off")


def _checked(content: bytes, length: int, checksum: int) -> Any:
    if len(content) != length or zlib.crc32(content) != checksum:
        raise SnapshotUnusable("it is damaged or cut off")
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise SnapshotUnusable("it is damaged") from None


def _bytes(values: npt.NDArray[Any]) -> memoryview:
    return memoryview(values.view(np.uint8).reshape(-1).data) if values.size else memoryview(b"")


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
