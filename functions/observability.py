"""Logs and metrics of the functions."""

import os

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit, single_metric

# Where the template names none; on AWS each stack has its own, so that two do not mix.
_NAMESPACE = "Seashore"


def build_logger() -> Logger:
    """A logger that writes one JSON object a line.

    Its name is `seashore`, so that the loggers of `pipeline` and `shared` (`seashore.…`) write
    through it, with the ids of the item that their thread works on.
    """
    return Logger(service="seashore", utc=True)


def build_metrics(stage: str) -> Metrics:
    """Metrics in the embedded metric format, by stage."""
    return Metrics(namespace=_find_namespace(), service=stage)


def emit_cap_share(share: float) -> None:
    """Tell at once how much of the day's spending limit is spent or reserved; 1 is all of it."""
    _emit("DailyCapUsedPercent", MetricUnit.Percent, round(100 * share, 1), service="spend")


def emit_chat_cap_share(share: float) -> None:
    """Tell at once how much of the day's limit for chats is spent or reserved; 1 is all of it."""
    _emit("DailyCapUsedPercent", MetricUnit.Percent, round(100 * share, 1), service="chat")


def emit_report_made() -> None:
    """Tell at once that a day's report was made and sent."""
    _emit("ReportsMade", MetricUnit.Count, 1, service="report")


def _emit(name: str, unit: MetricUnit, value: float, *, service: str) -> None:
    """Write one metric by itself: those of `Metrics` belong to a batch, and to one thread."""
    with single_metric(name=name, unit=unit, value=value, namespace=_find_namespace()) as metric:
        metric.add_dimension("service", service)


def _find_namespace() -> str:
    return os.environ.get("POWERTOOLS_METRICS_NAMESPACE") or _NAMESPACE
