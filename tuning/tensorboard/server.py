"""`tuning board DIR`: TensorBoard on a study's trials or their summary; on this machine only, until Ctrl-C."""

from __future__ import annotations

import contextlib
import io
import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path

from tuning.analysis.summary import summarise
from tuning.errors import StudyError
from tuning.formatting import count
from tuning.journal import journal
from tuning.tensorboard import best, hparams
from tuning.tensorboard import summary as hparams_summary
from tuning.tensorboard.tensorboard_internals import plugins_in_order, without_tensorflow


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
    they are built from the journal; a running study writes its own, and the page follows those.

    Args:
        directory: The study's folder.
        host: Name or address to listen on.
        port: Exactly this port; None for 6006, or the next free one.
        open_browser: Whether to open the page in the user's browser.
        every: Show all trials, and not only the best of every tuner (`tuning.tensorboard.best`).
        summary: Show one row per tuner (`tuning.tensorboard.summary`) instead of one per trial.
        winners: Serve the logs of the winners' trainings instead.
        say: Called with the address.

    Raises:
        JournalError: `directory` holds no study.
        StudyError: There are no logs of the winners; or `port` is in use or not allowed.
    """
    directory, left_out = Path(directory), ""
    if summary:
        read = journal.read(directory)
        hparams_summary.write_hparams_summary(read, summarise(read), directory)
    elif not winners:
        every, left_out = _prepared(directory, every)
    if winners and not (directory / hparams.WINNERS).is_dir():
        raise StudyError(
            f"{directory} holds no logs of its winners; `tuning run STUDY.py --tensorboard full` writes them"
        )
    logs = directory / (hparams_summary.SUMMARY if summary else hparams.TRIALS if every else best.BEST)
    url = _launch(directory / hparams.WINNERS, host, port) if winners else f"{_launch(logs, host, port)}#hparams"
    say(f"TensorBoard: {url}  (Ctrl-C ends it)")
    if left_out:
        say(left_out)
    if open_browser:
        webbrowser.open(url)
    with contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()


def _prepared(directory: Path, every: bool) -> tuple[bool, str]:
    """Builds the logs to be shown; whether those are of all trials, as in a running study, and what is left out."""
    with journal.locked_if_idle(directory) as nobody_writes:
        read = journal.read(directory)
        if not nobody_writes:
            return True, ""
        if not hparams.is_written(directory):
            hparams.write_hparams(read, directory)
        if not every:
            shown, there_are = best.write_best(read, directory), sum(map(len, read.trials.values()))
            if shown < there_are:
                return False, f"These are the best {count(shown)} of {count(there_are)} trials; --all opens all."
    return every, ""


def _launch(logs: Path, host: str, port: int | None) -> str:
    """Starts TensorBoard in a thread; returns its address."""
    without_tensorflow()
    from tensorboard import program

    board = program.TensorBoard(plugins=plugins_in_order())
    board.configure(logdir=str(logs), host=host, port=port, reload_interval=5)
    try:
        with contextlib.redirect_stderr(io.StringIO()):  # a note that the default data loading is experimental
            return str(board.launch())
    except program.TensorBoardServerException as error:
        words = f"{error.msg}; choose another with --port, or none for the next free one"
        raise StudyError(words) from None
