"""Event files, to the byte as TensorBoard writes them."""

import io
import random

import pytest
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c
from tensorboard.summary.writer.record_writer import RecordWriter

from tuning.tensorboard.event_file import MAX_BYTES, checksums, framed


@pytest.mark.parametrize(
    "lengths",
    [[1], [24, 1, 300, 17], [MAX_BYTES], [5, MAX_BYTES + 1, 7], [0, 3], [], list(range(1, 200))],
    ids=["one byte", "usual", "as long as may be", "longer", "empty", "none", "many"],
)
def test_bytes_are_those_of_tensorboard(lengths: list[int]) -> None:
    draw = random.Random(len(lengths))
    records = [draw.randbytes(length) for length in lengths]
    written = io.BytesIO()
    writer = RecordWriter(written)
    for record in records:
        writer.write(record)
    assert framed(records) == written.getvalue()


def test_checksum_of_zeros_and_ones() -> None:
    pieces = [bytes(9), b"\xff" * 9, b"123456789"]
    assert checksums(pieces) == [masked_crc32c(piece) for piece in pieces]
