"""The edges to AWS: one module a service, vendor exceptions translated."""
