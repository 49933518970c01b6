"""How work on many dead letters is asked for, shown and summed up."""

from collections import Counter
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, field

from rich.progress import MofNCompleteColumn

from infra.cli.output import Output
from infra.signals import interrupt_on_signals
from pipeline.dead_letters.hold import LetterOutcome, LetterResult
from pipeline.dead_letters.outcome_words import GOOD_ENDINGS, describe_outcomes


@dataclass
class Tally:
    """What became of the letters so far."""

    results: list[LetterResult] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether nothing is left that was to be worked on."""
        return all(result.ending in GOOD_ENDINGS for result in self.results)

    def count(self) -> Counter[LetterOutcome]:
        """How many letters ended in which way."""
        return Counter(result.ending for result in self.results)

    def say(self, output: Output) -> None:
        """Say how many letters ended in which way, and why some were refused."""
        for line in describe_outcomes(self.results):
            words = f"  {line.words}" if line.is_reason else line.words
            output.say(words, style="" if line.is_good else "red")


def follow_results(
    results: Generator[LetterResult, None, None],
    tally: Tally,
    *,
    title: str,
    total: int,
    output: Output,
) -> None:
    """Go through the results as they happen, with a progress bar on a terminal.

    Ctrl-C and polite signals end it in order: what is held is released first.

    Args:
        results: The work, as a generator of results, which can be closed.
        tally: Where they are counted; it stands also when the work breaks off.
        title: What is being done.
        total: How many results are expected.
        output: Where to show it.
    """
    with (
        interrupt_on_signals(),
        output.show_bar(title, total, MofNCompleteColumn()) as advance,
        closing(results),
    ):
        for result in results:
            tally.results.append(result)
            advance(1)
