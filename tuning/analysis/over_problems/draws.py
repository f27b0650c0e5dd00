"""Which problems were drawn apart: several that share data say as much about other problems as one does."""

from __future__ import annotations

from collections.abc import Mapping

from tuning.journal.study_record import NOT_RECORDED, SYNTHETIC, ProblemRecord


def draws(problems: Mapping[str, ProblemRecord]) -> dict[str, int]:
    """By problem, the number of its draw, from 0 in the order of the problems.

    One draw are problems with the same data or the same targets, trained on or behind a table or a surrogate, and
    problems that are computed from one study's table: they share its design, the configurations that it trained.
    """
    found: dict[str, int] = {}
    known: dict[tuple[str, str], int] = {}
    for at, (name, problem) in enumerate(problems.items()):
        keys = _shared(problem)
        same = {known[key] for key in keys if key in known}
        draw = min(same, default=at)
        known = {key: draw if of in same else of for key, of in known.items()} | dict.fromkeys(keys, draw)
        found = {other: draw if of in same else of for other, of in found.items()} | {name: draw}
    places = {draw: place for place, draw in enumerate(dict.fromkeys(found.values()))}
    return {name: places[draw] for name, draw in found.items()}


def _shared(problem: ProblemRecord) -> list[tuple[str, str]]:
    """What another problem must not have to be a draw of its own."""
    data = problem.data.fingerprint
    if data == NOT_RECORDED:
        return [("problem", repr((problem.space, problem.objective, problem.max_epochs)))]
    if data == SYNTHETIC:  # computed from the space alone
        return [("space", repr(problem.space))]
    if problem.surrogate is None:
        return [("data", data), *(("targets", each) for each in problem.data.targets or ())]
    return [("data", data), ("data", problem.surrogate.data_fingerprint), ("table", problem.surrogate.table)]


def same_sizes(problems: Mapping[str, ProblemRecord]) -> list[list[str]]:
    """Problems of several draws whose data have parts of the same sizes: perhaps the same rows, in another form."""
    by_sizes: dict[tuple[tuple[str, int], ...], list[str]] = {}
    for name, problem in problems.items():
        parts = {part: shape for part, shape in problem.data.shapes.items() if isinstance(shape, Mapping)}
        if sizes := tuple((part, int(shape["size"])) for part, shape in parts.items() if shape.get("size")):
            by_sizes.setdefault(sizes, []).append(name)
    of = draws(problems)
    return [group for group in by_sizes.values() if len({of[name] for name in group}) > 1]
