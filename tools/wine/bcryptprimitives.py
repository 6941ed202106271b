"""Write bcryptprimitives.dll for a Wine that has none: ``python bcryptprimitives.py FILE``.

Programs in Rust (pydantic's compiled part among them) take their random numbers from its one function, ProcessPrng, and
do not even load without it; Wine has it from version 9 on. The file has no code: its export is a forwarder to
SystemFunction036 of advapi32, which is RtlGenRandom: a BOOLEAN where ProcessPrng returns a BOOL that is always TRUE.
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path
from typing import Final

SECTION: Final = 0x1000
"""Where the one section lies in memory; in the file it begins at ``HEADERS``."""
HEADERS: Final = 0x200
NAME: Final = b"bcryptprimitives.dll\0"
FUNCTION: Final = b"ProcessPrng\0"
FORWARDED: Final = b"ADVAPI32.SystemFunction036\0"


def section() -> tuple[bytes, int, int]:
    """Return the section, the size of the exports in it, and where its empty list of relocations begins."""
    functions, names, ordinals = SECTION + 40, SECTION + 44, SECTION + 48
    texts = SECTION + 52
    function_at = texts + len(NAME)
    forwarded_at = function_at + len(FUNCTION)
    directory = struct.pack("<IIHHIIIIIII", 0, 0, 0, 0, texts, 1, 1, 1, functions, names, ordinals)
    exports = directory + struct.pack("<IIHxx", forwarded_at, function_at, 0) + NAME + FUNCTION + FORWARDED
    padded = exports + bytes(-len(exports) % 4)
    relocations = struct.pack("<IIHH", SECTION, 12, 0, 0)  # Two entries of padding: it may be put anywhere.
    return padded + relocations, len(exports), SECTION + len(padded)


def library() -> bytes:
    """Return the whole file: a PE32+ library for x86-64."""
    body, exported, relocations_at = section()
    coff = struct.pack("<HHIIIHH", 0x8664, 1, 0, 0, 0, 240, 0x2022)
    optional = struct.pack(
        "<HBBIIIIIQIIHHHHHHIIIIHHQQQQII",
        *(0x20B, 1, 0, 0, 0x200, 0, 0, 0, 0x6A0000000, 0x1000, 0x200, 6, 0, 0, 0, 6, 0, 0, 0x2000, HEADERS, 0),
        *(2, 0x160, 0x100000, 0x1000, 0x100000, 0x1000, 0, 16),
    )
    directories = [(0, 0)] * 16
    directories[0] = (SECTION, exported)
    directories[5] = (relocations_at, 12)
    optional += b"".join(struct.pack("<II", *each) for each in directories)
    header = struct.pack("<8sIIIIIIHHI", b".rdata", len(body), SECTION, 0x200, HEADERS, 0, 0, 0, 0, 0x40000040)
    head = b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0" + coff + optional + header
    return head.ljust(HEADERS, b"\0") + body.ljust(0x200, b"\0")


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(library())
