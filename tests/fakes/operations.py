"""What tests of redo, retry and cancel work with: the services of an operator, and two models."""

from datetime import UTC, datetime

from pipeline.operations.redo import order_redo, plan_redo
from pipeline.operations.selection import OperationServices, Selection, find_selected
from shared.aws.objects import ObjectStore
from shared.aws.queues import Queues
from shared.llm.extractive.extractive_model import ExtractiveModel
from shared.llm.model import ModelAnswer, Usage
from shared.messages.document_messages import RedoTerms
from shared.prices import ModelPrice
from tests.fakes.aws.ledger_rows import open_table
from tests.fakes.dead_letter_boxes import ACTOR, build_letter_services
from tests.fakes.lasting_deadline import DEADLINE


class NamedModel(ExtractiveModel):
    """Picks sentences under another name, and counts how often it is asked."""

    def __init__(self, name):
        super().__init__()
        self.name = name
        self.calls = 0

    def answer(self, request, deadline):
        self.calls += 1
        answer = super().answer(request, deadline)
        return ModelAnswer(answer.value, self.name, Usage(1, 100, 10))


def build_operation_services(account, **changes):
    """What an operator works with, on moto; the models are `first` and `second`."""
    settings = account.settings
    services = {
        "table": open_table(account),
        "objects": ObjectStore(account.clients.s3),
        "queues": Queues(account.clients.sqs),
        "documents_bucket": settings.documents_bucket,
        "artifacts_bucket": settings.artifacts_bucket,
        "uploads_queue_url": settings.uploads_queue_url,
        "work_queue_url": settings.work_queue_url,
        "models": {"first": ModelPrice(input=1, output=2), "second": None},
        "letters": build_letter_services(account),
        "by": ACTOR,
        "now": lambda: datetime.now(UTC),
    }
    return OperationServices(**{**services, **changes})


def select(*names):
    """Those that are named, or all; today's, and yesterday's where midnight has just been.

    By default a year is looked through, with a request for each day, which took most of a test.
    """
    return Selection(names, is_all=not names, days=2)


def redo(services, *names, order="order-1", model=None, is_fresh=False):
    """Order a redo of documents; the plan, and how many orders were sent."""
    terms = RedoTerms(model=model, is_fresh=is_fresh)
    plan = plan_redo(find_selected(select(*names), services), order, terms, services)
    return plan, order_redo(plan, order, terms, services, DEADLINE)
