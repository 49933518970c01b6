"""Stands in for the function of operators, and knows none of them."""


def handler(event, context):
    return {"statusCode": 403}
