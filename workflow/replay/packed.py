"""A file that may be packed (gzip, bzip2, xz, zip), read as what is in it. Its content says which it is."""

import bz2
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import IO, cast

from workflow.replay.log_row import log_refused

_SUFFIXES = (".gz", ".bz2", ".xz", ".zip")
_GZIP, _BZIP2, _XZ, _ZIP = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"PK\x03\x04"

_DAMAGED = (gzip.BadGzipFile, zlib.error, lzma.LZMAError, zipfile.BadZipFile, EOFError, NotImplementedError)
"""What the libraries raise of what is damaged, or packed in a way that they do not know."""

_BESIDE = "__MACOSX/"
"""What one maker of archives puts beside each file."""


@contextmanager
def unpacked(path: Path) -> Iterator[IO[bytes]]:
    """The bytes of a log, as a stream.

    Raises:
        OSError: the file cannot be read.
        ReplayRefused: it is packed and damaged, or a zip of no file or of several.
    """
    try:
        with _opened(path) as file:
            yield file
    except _DAMAGED as error:
        raise log_refused(str(path), "log", "packed", f"cannot be unpacked: {error}") from None
    except OSError as error:
        if error.errno is not None:
            raise
        raise log_refused(str(path), "log", "packed", f"cannot be unpacked: {error}") from None  # bzip2's own


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    start = _start(path)
    if start.startswith(_ZIP):
        with zipfile.ZipFile(path) as archive, archive.open(_member(path, archive)) as member:
            yield member
    elif start.startswith(_GZIP):
        with gzip.open(path, "rb") as packed:
            yield cast(IO[bytes], packed)
    elif start.startswith(_BZIP2):
        with bz2.open(path, "rb") as packed_by_bzip2:
            yield packed_by_bzip2
    elif start.startswith(_XZ):
        with lzma.open(path, "rb") as packed_by_xz:
            yield packed_by_xz
    else:
        with path.open("rb") as file:
            yield file


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(8)


def _member(path: Path, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    found = [one for one in archive.infolist() if not one.is_dir() and not one.filename.startswith(_BESIDE)]
    if len(found) != 1:
        names = ", ".join(one.filename for one in found[:5])
        message = f"holds {len(found)} files ({names}); a log is one"
        raise log_refused(str(path), "log", "packed", message)
    if found[0].flag_bits & 1:
        raise log_refused(str(path), "log", "packed", f"{found[0].filename} is encrypted")
    return found[0]


def unpacked_suffix(path: Path) -> str:
    """The suffix of what is in a file, by the names: ``.xes`` of ``log.xes.gz``."""
    name = PurePath(path.name)
    return (PurePath(name.stem) if name.suffix.lower() in _SUFFIXES else name).suffix.lower()
