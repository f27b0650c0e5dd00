from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from tests.support.golden_journal import CHAIN, WINNERS, study
from tuning.errors import JournalError
from tuning.journal.journal import path_of, read
from tuning.journal.lines import decode, encode
from tuning.journal.records import Cell
from tuning.journal.winner_record import BINS, Anatomy, Scatter, Winner
from tuning.journal.writer import JournalWriter

COUNTS = tuple(tuple(int(row == column) for column in range(BINS)) for row in range(BINS))
SCATTER = Scatter("validation", "", -1.0, 2.5, COUNTS, 3, math.inf, 0.25, math.nan)
OF_NUMBERS = Winner(
    Cell("p", "t", 1), 0, 2, "t.keras", {"loss": math.nan}, Anatomy("Mine", CHAIN, False, 9, 3, SCATTER)
)


@pytest.mark.parametrize("winner", [*WINNERS, OF_NUMBERS], ids=lambda winner: winner.anatomy.kind)
def test_a_record_goes_through_json_unchanged(winner: Winner) -> None:
    assert repr(decode(encode(winner))) == repr(winner)  # NaN is not equal to itself


def broken(**changes: Any) -> bytes:
    line: dict[str, Any] = json.loads(encode(WINNERS[0]))
    for path, value in changes.items():
        *inner, last = path.split("__")
        entry: Any = line
        for name in inner:
            entry = entry[int(name)] if isinstance(entry, list) else entry[name]
        entry[last] = value
    return json.dumps(line).encode() + b"\n"


@pytest.mark.parametrize(
    "changes",
    [
        {"trial": "1"},
        {"colour": "red"},
        {"file": 7},
        {"test": {"loss": "low"}},
        {"anatomy": None},
        {"anatomy__layers__1__inputs": [1]},
        {"anatomy__layers__1__inputs": [-1]},
        {"anatomy__layers__0__shapes": [["64"]]},
        {"anatomy__predictions__kind": "guess"},
        {"anatomy__predictions__counts": [[1, 2], [3, 4]]},
        {"anatomy__predictions__counts": [[1, 2, -3], [0, 0, 0], [0, 0, 0]]},
        {"anatomy__predictions__kind": "scatter"},
    ],
)
def test_anything_else_is_refused(changes: dict[str, Any]) -> None:
    assert decode(broken()) == WINNERS[0]
    with pytest.raises((KeyError, TypeError, ValueError, AttributeError)):
        decode(broken(**changes))


def test_an_axis_has_two_finite_ends() -> None:
    for low, high in ((1.0, 1.0), (-math.inf, 0.0), (math.nan, 1.0)):
        with pytest.raises(ValueError, match="axis"):
            structs.replace(SCATTER, low=low, high=high)


def test_the_journal_holds_the_last_winner_of_each_tuner(tmp_path: Path) -> None:
    with JournalWriter.create(tmp_path, study()) as writer:
        writer.winner(WINNERS[0])
        writer.winner(WINNERS[1])
        writer.winner(Winner(WINNERS[0].cell, 3, 1, "kt-random.keras", {}, WINNERS[0].anatomy))
    found = read(tmp_path).winners
    assert {key: winner.trial for key, winner in found.items()} == {
        ("digits", "kt-random"): 3,
        ("digits", "kt-hyperband"): 4,
    }
    with path_of(tmp_path).open("a") as file:
        file.write('{"kind":"winner","problem":"p"}\n{"kind":"cell"}\n')
    with pytest.raises(JournalError, match="line 5 is broken"):
        read(tmp_path)
