"""The environment of a deployed function, as far as the function itself reads it."""

from shared.settings import Settings

_ADDRESS = "https://sqs.us-east-1.amazonaws.com/123456789012/"


def write_environment(**settings: str) -> dict[str, str]:
    """Variables that every function starts with: all that name a resource, no key, no region left.

    Args:
        settings: Further variables.
    """
    named = {
        name.upper(): f"{_ADDRESS}{name}" if name.endswith("_url") else name.replace("_", "-")
        for name in Settings.model_fields
        if name.endswith(("_queue_url", "_dlq_url", "_bucket", "_table"))
    }
    return {
        **named,
        "DATABASE_HOST": "database.invalid",
        "DATABASE_USER": "user",
        "DATABASE_NAME": "results",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_LAMBDA_FUNCTION_NAME": "function",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "POWERTOOLS_METRICS_NAMESPACE": "Seashore",
        "POWERTOOLS_SERVICE_NAME": "function",
        **settings,
    }
