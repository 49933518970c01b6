"""Stands in for the function that shows pages, and has none."""


def handler(event, context):
    return {"statusCode": 404}
