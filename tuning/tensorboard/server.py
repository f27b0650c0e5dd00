"""`tuning board DIR`: TensorBoard on a study's trials, or on their summary; on this machine only, until Ctrl-C."""

from __future__ import annotations

import contextlib
import io
import sys
import threading
import webbrowser
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from tuning.analysis.summary import summarise
from tuning.errors import StudyError
from tuning.journal import journal
from tuning.tensorboard import hparams
from tuning.tensorboard import summary as hparams_summary


def serve(
    directory: Path,
    *,
    host: str = "localhost",
    port: int | None = None,
    open_browser: bool = True,
    summary: bool = False,
    winners: bool = False,
    say: Callable[[str], None] = print,
) -> None:
    """Serves the HPARAMS page of a study's folder and blocks until Ctrl-C.

    The logs of the trials are made from the journal first where there are none; those of a running study are left to
    it, and the page follows them. The summary is made anew, for no run keeps it up.

    Args:
        directory: The study's folder.
        host: Name or address to listen on.
        port: Exactly this port; None for 6006, or the next that is free.
        open_browser: Whether to open the page in the user's browser.
        summary: Show a row a tuner (`hparams_summary`) and not a row a trial.
        winners: Serve what was logged of the winners' trainings instead.
        say: Is told the address.

    Raises:
        JournalError: `directory` holds no study.
        StudyError: Nothing was logged of the winners; or `port` is taken or cannot be had.
    """
    directory = Path(directory)
    if summary:
        read = journal.read(directory)
        hparams_summary.write_hparams_summary(read, summarise(read), directory)
    elif not journal.path_of(directory).is_file() or not hparams.is_written(directory):
        with journal.locked_if_idle(directory) as nobody_writes:
            read = journal.read(directory)
            if nobody_writes:
                hparams.write_hparams(read, directory)
    if winners and not (directory / hparams.WINNERS).is_dir():
        raise StudyError(
            f"{directory} holds no logs of its winners; `tuning run STUDY.py --tensorboard full` writes them"
        )
    logs = directory / (hparams_summary.SUMMARY if summary else hparams.TRIALS)
    url = _launch(directory / hparams.WINNERS, host, port) if winners else f"{_launch(logs, host, port)}#hparams"
    say(f"TensorBoard: {url}  (Ctrl-C ends it)")
    if open_browser:
        webbrowser.open(url)
    with contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()


def _launch(logs: Path, host: str, port: int | None) -> str:
    """Starts TensorBoard in a thread; its address."""
    # TensorBoard's own switch against TensorFlow (tensorboard/compat/__init__.py): these pages need none, and
    # importing it costs seconds before the first page.
    sys.modules.setdefault("tensorboard.compat.notf", ModuleType("tensorboard.compat.notf"))
    from tensorboard import program

    board = program.TensorBoard(plugins=_plugins())
    board.configure(logdir=str(logs), host=host, port=port, reload_interval=5)
    try:
        with contextlib.redirect_stderr(io.StringIO()):  # a note that the default way of loading is experimental
            return str(board.launch())
    except program.TensorBoardServerException as error:
        words = f"{error.msg}; choose another with --port, or none for the next free one"
        raise StudyError(words) from None


def _plugins() -> list[Any]:
    """TensorBoard's own pages, HPARAMS with the columns in the order in which they were written."""
    # Here and not above, because `tuning` needs no web server for anything else.
    from tensorboard import default
    from tensorboard.plugins.hparams import backend_context, hparams_plugin, metadata

    class InOrder(backend_context.Context):
        # TensorBoard 2.21 sorts the columns by name (`_sort_and_reduce_to_hparams_limit`).
        def experiment_from_metadata(
            self, ctx: Any, experiment_id: str, include_metrics: bool, tags_by_run: Mapping[str, Any], *rest: Any
        ) -> Any:
            experiment = super().experiment_from_metadata(ctx, experiment_id, include_metrics, tags_by_run, *rest)
            place: dict[str, int] = {}
            for tags in tags_by_run.values():
                if metadata.EXPERIMENT_TAG in tags:
                    written = metadata.parse_experiment_plugin_data(tags[metadata.EXPERIMENT_TAG])
                    place = {info.name: index for index, info in enumerate(written.hparam_infos)}
            columns = sorted(experiment.hparam_infos, key=lambda info: place.get(info.name, len(place)))
            experiment.ClearField("hparam_infos")
            experiment.hparam_infos.extend(columns)
            return experiment

    class HparamsInOrder(hparams_plugin.HParamsPlugin):
        def __init__(self, context: Any) -> None:
            super().__init__(context)
            self._context = InOrder(context)

    return [HparamsInOrder if plugin is hparams_plugin.HParamsPlugin else plugin for plugin in default.get_plugins()]
