"""Documents with known answers on the local stack: put, summarised, asked about, read back."""

from infra.cli.evaluation.stack_run import run_on_stack
from infra.evaluation.cases import read_cases
from infra.evaluation.scores import Scores
from infra.evaluation.scoring import score_case
from tests.golden.make_golden_set import HERE


def test_what_comes_of_documents_on_a_stack_is_read_back(local_stack):
    known = {case.document: case for case in read_cases(HERE)}
    # One whose text is known, and one whose text is what was read.
    letter, form = known["letter-en.pdf"], known["form-cs.pdf"].model_copy(update={"text": []})
    told = []
    outcomes = run_on_stack(
        local_stack,
        HERE,
        [letter, form],
        with_extract=False,
        report=told.append,
        patience_seconds=300,
    )
    assert told[-1] == f"{len(letter.questions)} of {len(letter.questions)} tasks"
    assert "Jonas Hartwell" in outcomes[1].texts[0]
    assert outcomes[1].extracts == []
    shares = Scores().add(map(score_case, [letter, form], outcomes)).shares
    for score in ("status", "pages_covered", "quotes_on_page", "answers_right"):
        assert shares[score].true == shares[score].of > 0
