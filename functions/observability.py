"""Logs and metrics of the functions."""

from aws_lambda_powertools import Logger, Metrics

NAMESPACE = "Seashore"


def build_logger() -> Logger:
    """A logger that writes one JSON object a line.

    Its name is `seashore`, so that the loggers of `pipeline` and `shared` (`seashore.…`) write
    through it, with the ids of the item that their thread works on.
    """
    return Logger(service="seashore", utc=True)


def build_metrics(stage: str) -> Metrics:
    """Metrics in the embedded metric format, by stage."""
    return Metrics(namespace=NAMESPACE, service=stage)
