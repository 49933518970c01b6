"""Descriptions of AWS services, parsed once. Short: it is a value that takes a while to make.

A process that imports this and then forks hands them on: each child would parse them anew, which is
most of what building its clients takes.
"""

from botocore.loaders import create_loader

LOADER = create_loader()
for _service in ("sqs", "dynamodb", "s3"):
    LOADER.load_service_model(_service, "service-2")
    LOADER.load_service_model(_service, "endpoint-rule-set-1")
for _data in ("endpoints", "partitions", "sdk-default-configuration", "_retry"):
    LOADER.load_data(_data)
