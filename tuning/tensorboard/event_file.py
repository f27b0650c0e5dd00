"""TensorBoard's event files: framed records, each of a length, the event, and a checksum of either.

TensorBoard's own `RecordWriter` goes through each byte in Python for the checksums (CRC-32C), which took a third of an
export. Here numpy does all records of a file at once, to the same bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import CRC_TABLE, masked_crc32c

MAX_BYTES = 1024  # of what numpy does; its tables grow with it, and longer records are rare


def write_event_file(path: Path, events: Sequence[Any]) -> None:
    """Writes events, TensorBoard's `Event` messages, to a new file; the folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(framed([event.SerializeToString() for event in events]))


def framed(records: Sequence[bytes]) -> bytes:
    """What TensorBoard's `RecordWriter` writes for these records."""
    pieces = [piece for record in records for piece in (struct.pack("<Q", len(record)), record)]
    return b"".join(
        piece + struct.pack("<I", checksum) for piece, checksum in zip(pieces, checksums(pieces), strict=True)
    )


def checksums(pieces: Sequence[bytes]) -> list[int]:
    """TensorBoard's `masked_crc32c` of each piece.

    A CRC is linear: each byte gives a term that depends on its value and on how many bytes follow, and the terms are
    XORed.
    """
    if not pieces or not all(pieces) or max(map(len, pieces)) > MAX_BYTES:
        return [masked_crc32c(piece) for piece in pieces]
    terms, of_zeros = _tables()
    lengths = np.array([len(piece) for piece in pieces])
    ends = np.cumsum(lengths)
    following = np.repeat(ends, lengths) - np.arange(1, ends[-1] + 1)
    values = np.frombuffer(b"".join(pieces), np.uint8)
    plain = np.bitwise_xor.reduceat(terms[following, values], ends - lengths) ^ of_zeros[lengths]
    masked: list[int] = ((plain >> 15 | plain << 17) + np.uint32(0xA282EAD8)).tolist()
    return masked


@cache
def _tables() -> tuple[np.ndarray, np.ndarray]:
    """The term of each byte, shape ``(MAX_BYTES, 256)``, and the CRC of 0 to `MAX_BYTES` zero bytes."""
    table = np.array(CRC_TABLE, np.uint32)
    terms = np.empty((MAX_BYTES, 256), np.uint32)
    terms[0] = table
    register = np.full(MAX_BYTES + 1, 0xFFFFFFFF, np.uint32)
    for place in range(1, MAX_BYTES + 1):
        if place < MAX_BYTES:
            terms[place] = table[terms[place - 1] & 0xFF] ^ (terms[place - 1] >> 8)
        register[place] = table[register[place - 1] & 0xFF] ^ (register[place - 1] >> 8)
    return terms, ~register
