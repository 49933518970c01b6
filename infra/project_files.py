"""Where the checkout and its parts lie: one place, as every part of `infra` is told apart by it."""

from pathlib import Path

PROJECT = Path(__file__).parent.parent
LOCKS = PROJECT / "infra" / "locks"
TEMPLATE = PROJECT / "infra" / "template.yaml"
