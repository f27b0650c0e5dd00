"""Records of a journal, as tests compare them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tuning.journal.lines import to_json
from tuning.journal.records import Retraining, Trial


def without_times(records: Iterable[Trial | Retraining], *others: str) -> list[dict[str, Any]]:
    """What their lines hold, but for times and who was trained first, which differ between runs, and the `others`."""
    left_out = ("copy_of", *others)
    return [
        {
            name: value
            for name, value in to_json(record).items()
            if not name.endswith("seconds") and name not in left_out
        }
        for record in records
    ]
