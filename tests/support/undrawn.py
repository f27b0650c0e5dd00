"""Reports without their pictures, as most tests make them: drawing is half of what a report costs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tuning.report.figures.base import Figure


class _Undrawn:
    """Stands in for `DrawnBeside`."""

    def __enter__(self) -> _Undrawn:
        return self

    def __exit__(self, *error: object) -> None: ...

    def begin(self, figures: Iterable[Figure]) -> None:
        list(figures)

    def svg(self, figure: Figure) -> str:
        return '<svg xmlns="http://www.w3.org/2000/svg"/>'


@contextmanager
def undrawn() -> Iterator[None]:
    with _drawn_by(_Undrawn):
        yield


@contextmanager
def drawn() -> Iterator[None]:
    """Within `undrawn`: with their pictures all the same."""
    from tuning.report.figures.render import DrawnBeside

    with _drawn_by(DrawnBeside):
        yield


@contextmanager
def _drawn_by(kind: type) -> Iterator[None]:
    from tuning.report import report

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "DrawnBeside", kind)
        yield
