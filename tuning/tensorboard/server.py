"""`tuning board DIR`: TensorBoard on a study's trials or their summary; on this machine only, until Ctrl-C."""

from __future__ import annotations

import contextlib
import io
import threading
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tuning.analysis.summary import summarise
from tuning.errors import StudyError
from tuning.formatting import count
from tuning.journal import journal
from tuning.tensorboard import best, hparams
from tuning.tensorboard import summary as hparams_summary
from tuning.tensorboard.tensorboard_internals import plugins_in_order, without_tensorflow

MOST_WITH_CURVES = 5_000  # trials; of 10,300, Time Series takes 24 s until it answers, of 5,000 half of that


@dataclass(frozen=True)
class _Board:
    """What is shown.

    Attributes:
        logs: TensorBoard's log directory.
        note: What a user should know of it, in one line.
        curves: Whether Time Series and Scalars have a tab.
        page: The page's anchor in the address.
    """

    logs: Path
    note: str = ""
    curves: bool = True
    page: str = "#hparams"


def serve(
    directory: Path,
    *,
    host: str = "localhost",
    port: int | None = None,
    open_browser: bool = True,
    every: bool = False,
    summary: bool = False,
    winners: bool = False,
    say: Callable[[str], None] = print,
) -> None:
    """Serves the HPARAMS page of a study's folder and blocks until Ctrl-C.

    The best trials and the summary are always rebuilt, because no run updates them. If there are no logs of all trials,
    they are built from the journal; a running study writes its own, and the page follows those. With more trials than
    `MOST_WITH_CURVES`, Time Series and Scalars have no tab.

    Args:
        directory: The study's folder.
        host: Name or address to listen on.
        port: Exactly this port; None for 6006, or the next free one.
        open_browser: Whether to open the page in the user's browser.
        every: Show all trials, and not only the best of every tuner (`tuning.tensorboard.best`).
        summary: Show one row per tuner (`tuning.tensorboard.summary`) instead of one per trial.
        winners: Serve the logs of the winners' trainings instead.
        say: Called with the address, and with what is left out.

    Raises:
        JournalError: `directory` holds no study.
        StudyError: There are no logs of the winners; or `port` is in use or not allowed.
    """
    shown = _prepared(Path(directory), every=every, summary=summary, winners=winners)
    url = f"{_launch(shown.logs, host, port, shown.curves)}{shown.page}"
    say(f"TensorBoard: {url}  (Ctrl-C ends it)")
    if shown.note:
        say(shown.note)
    if open_browser:
        webbrowser.open(url)
    with contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()


def _prepared(directory: Path, *, every: bool, summary: bool, winners: bool) -> _Board:
    """Builds the logs to be shown; those of all trials also while a study runs."""
    if winners:
        if not (directory / hparams.WINNERS).is_dir():
            raise StudyError(
                f"{directory} holds no logs of its winners; `tuning run STUDY.py --tensorboard full` writes them"
            )
        return _Board(directory / hparams.WINNERS, page="")
    if summary:
        read = journal.read(directory)
        hparams_summary.write_hparams_summary(read, summarise(read), directory)
        return _Board(directory / hparams_summary.SUMMARY)
    with journal.locked_if_idle(directory) as nobody_writes:
        read = journal.read(directory)
        if nobody_writes and not hparams.is_written(directory):
            hparams.write_hparams(read, directory)
        trials = sum(map(len, read.trials.values()))
        if nobody_writes and not every:
            shown = best.write_best(read, directory)
            note = f"These are the best {count(shown)} of {count(trials)} trials; --all opens all."
            return _Board(directory / best.BEST, note if shown < trials else "")
    if trials <= MOST_WITH_CURVES:
        return _Board(directory / hparams.TRIALS)
    note = (
        f"Time Series and Scalars are slow with {count(trials)} trials: they are in the menu INACTIVE. To see the "
        'curves of a trial, tick its "Show Metrics".'
    )
    return _Board(directory / hparams.TRIALS, note, curves=False)


def _launch(logs: Path, host: str, port: int | None, curves: bool = True) -> str:
    """Starts TensorBoard in a thread; returns its address."""
    without_tensorflow()
    from tensorboard import program

    board = program.TensorBoard(plugins=plugins_in_order(curves))
    board.configure(logdir=str(logs), host=host, port=port, reload_interval=5)
    try:
        with contextlib.redirect_stderr(io.StringIO()):  # a note that the default data loading is experimental
            return str(board.launch())
    except program.TensorBoardServerException as error:
        words = f"{error.msg}; choose another with --port, or none for the next free one"
        raise StudyError(words) from None
