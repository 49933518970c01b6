"""A stack on AWS: deployed, changed, looked at, taken down."""
