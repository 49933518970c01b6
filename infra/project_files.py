"""Where the checkout and its parts lie: one place, as every part of `infra` is told apart by it."""

from pathlib import Path

from shared.errors import WrongUsageError

PROJECT = Path(__file__).parent.parent
LOCKS = PROJECT / "infra" / "locks"
TEMPLATE = PROJECT / "infra" / "template.yaml"


def find_state_folder(project: Path = PROJECT) -> Path:
    """The folder that holds all that is built, run and written on this machine.

    It lies in the checkout, since the local stack and the packages are those of its code.

    Raises:
        WrongUsageError: The program was installed, and runs apart from its checkout.
    """
    if not is_checkout(project):
        raise WrongUsageError(
            "Seashore Pipeline builds, deploys, and runs or reports on this machine from its "
            "checkout only: run `make setup` there, then `.venv/bin/seashore`. This installed copy "
            "works with stacks on AWS that are deployed already: name one with --stack."
        )
    return project / ".seashore"


def is_checkout(project: Path = PROJECT) -> bool:
    """Whether the program runs from its checkout, and was not installed apart from it."""
    return (project / "pyproject.toml").is_file()


def find_reports_folder(state: Path, stack_name: str) -> Path:
    """The folder of the reports of a stack that were made on this machine."""
    return state / "reports" / stack_name
