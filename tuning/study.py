"""A study: problems, tuners, replicates and a budget, declared in a script that people run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tuning.configuration import Configuration
from tuning.journal.journal import read
from tuning.runner.plan import StudyPlan

if TYPE_CHECKING:  # it trains
    from tuning.runner.winner_models import KerasModel


class Study(StudyPlan):
    """One question: which of these tuners, on these problems, at this budget?

    Args:
        name: Of the study and of its folder; letters, digits, dot, dash and underscore.
        problem: One problem, or several of different names.
        tuners: Registered names or `Tuner` objects, of different labels; default: the five.
        budget: What each cell may spend; at least one full training of each problem.
        replicates: Independent repetitions of everything.
        baselines: What a tuner should beat, run beside them and compared apart; default: `tuning.tuners.BASELINES`.
        retrain: Fresh seeds on which each incumbent is trained again in full, and scored on test, when its search is
            over; 0 for none. Not charged to the search.
        continue_winners: Epochs that each saved winner is trained on, on training and validation data together, into a
            file of its own.
        tensorboard: ``"curves"``: learning curves of all trials, as HPARAMS shows them; ``"full"``: beside them what
            Keras' own callback logs of each winner, which is trained once more anyway: see
            `tuning.training.winner.tensorboard_logs`.
        rope: Region of practical equivalence: a difference of at most so much in the objective's metric does not
            matter. None: no two tuners are called practically equal.
        trial_seconds: A trial, or a retraining, that takes longer is FAILED: at the end of its epoch, or with its
            process where it hangs and cells run in processes of their own. Results then depend on the machine. None: no
            limit.

    Raises:
        StudyError: One of these is not as said.
    """

    def run(self, out: str | Path = "reports") -> Path:
        """Runs or resumes the study in this process; returns its folder, with winners saved and the report made.

        Raises what `tuning.runner.runner.run` raises.
        """
        from tuning.report.report import write_report
        from tuning.runner.runner import run
        from tuning.runner.winner_models import save_winners

        directory = run(self, Path(out)).directory
        journal = read(directory)
        save_winners(journal, self.problems, self.continue_winners, full=self.tensorboard == "full")
        write_report(directory, journal)
        return directory

    def best_configuration(
        self, tuner: str | None = None, *, problem: str | None = None, out: str | Path = "reports"
    ) -> Configuration:
        """The hyperparameters of a tuner's winner: of its final incumbents the best on fresh seeds.

        Args:
            tuner: Its label; without it, the best of all tuners' winners.
            problem: Its name; needed where the study has several.
            out: Where the study's folder is, as in `run`.

        Raises:
            JournalError: The study has not run there.
            StudyError: It has no such tuner or problem, or retrained no incumbent.
        """
        from tuning.runner import winner_models

        return winner_models.best_configuration(read(Path(out) / self.name), tuner, problem)

    def best_model(
        self, tuner: str | None = None, *, problem: str | None = None, out: str | Path = "reports"
    ) -> KerasModel:
        """A tuner's winner as it was saved, a compiled `keras.Model` with the weights that count.

        Loaded in Keras' safe mode; a model of the user's own classes is built by `build_model` and gets its weights.

        Args and raised errors are those of `best_configuration`; a StudyError also where the file is missing.
        """
        from tuning.runner import winner_models

        return winner_models.best_model(read(Path(out) / self.name), self.problems, tuner, problem)

    def continue_training(
        self, tuner: str | None = None, *, epochs: int, problem: str | None = None, out: str | Path = "reports"
    ) -> tuple[KerasModel, dict[str, float]]:
        """Trains a tuner's winner on, on training and validation data together, for use.

        Args:
            epochs: Further ones; weights and optimizer go on from the winner's.

        Other arguments and raised errors are those of `best_model`.

        Returns:
            The model, saved beside the winner as ``<tuner>-continued.keras``, and its metrics on the test split by name
            (none without one).
        """
        from tuning.runner import winner_models

        return winner_models.continue_training(read(Path(out) / self.name), self.problems, epochs, tuner, problem)

    def main(self) -> None:
        """The command line of `tuning run`, for this study."""
        from tuning.cli.script import run_script

        run_script(self)
