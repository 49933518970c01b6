"""The event source mappings of ingest and worker on moto, with the worker's settings."""

import io
import json
import zipfile

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def make_consumers(account, session, **settings):
    """Make functions that nothing calls; the outputs of a stack that has them."""
    role = session.client("iam").create_role(
        RoleName="consumer", AssumeRolePolicyDocument=json.dumps(TRUST)
    )["Role"]["Arn"]
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as file:
        file.writestr("code.py", "")
    variables = {
        name.upper(): str(value)
        for name, value in account.settings.model_dump().items()
        if name.endswith(("_url", "_bucket", "_table")) and value is not None
    }
    client = session.client("lambda")
    outputs = {}
    for name in ("ingest", "convert", "recognise", "worker", "report"):
        # A queue that nothing is sent to: moto would run the function, in a container.
        queue_url = account.clients.sqs.create_queue(QueueName=f"idle-{name}")["QueueUrl"]
        arn = account.clients.sqs.get_queue_attributes(
            QueueUrl=queue_url, AttributeNames=["QueueArn"]
        )["Attributes"]["QueueArn"]
        client.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=role,
            Handler="code.handler",
            Code={"ZipFile": package.getvalue()},
            Environment={"Variables": {**variables, **settings}},
        )
        mapping = client.create_event_source_mapping(EventSourceArn=arn, FunctionName=name)
        outputs[f"{name.capitalize()}MappingId"] = mapping["UUID"]
    return outputs


def read_states(session, outputs):
    """Whether each consumer takes messages: the first letters of its mapping's state."""
    client = session.client("lambda")
    return {
        name.removesuffix("MappingId").lower(): client.get_event_source_mapping(UUID=uuid)["State"]
        for name, uuid in outputs.items()
    }
