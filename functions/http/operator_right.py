"""Who may do what changes things for good: an operator, by group or by key.

With users of Cognito it is a group of the pool. Else it is a second API key, besides what the
gateway has asked for: with `ApiAuthorizer` `iam` it has let through only who may
`execute-api:Invoke` this very route.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass

from functions.http.requests import Event, find_header
from shared.errors import NotAnOperatorError


@dataclass(frozen=True)
class OperatorRight:
    """What tells an operator.

    Args:
        key_id: The id of the operators' API key.
        group: The group of operators in the Cognito user pool.
        read_key: Reads the value of a key by its id.
    """

    key_id: str
    group: str
    read_key: Callable[[str], str]

    def check(self, event: Event) -> None:
        """Pass if an operator has sent a request.

        Raises:
            NotAnOperatorError: Somebody else has.
        """
        context = event.get("requestContext") or {}
        claims = (context.get("authorizer") or {}).get("claims")
        is_operator = (
            self._has_key(event, (context.get("identity") or {}).get("apiKeyId"))
            if claims is None
            else self.group in _read_groups(claims.get("cognito:groups"))
        )
        if not is_operator:
            raise NotAnOperatorError("only an operator may do this")

    def _has_key(self, event: Event, key_id: object) -> bool:
        if not self.key_id:
            return False
        if key_id:
            return key_id == self.key_id
        # The emulator's gateway checks the key and does not tell which it was. On AWS, where it
        # always does, the function may not read the key.
        given = find_header(event, "x-api-key") or ""
        return hmac.compare_digest(given.encode(), self.read_key(self.key_id).encode())


def _read_groups(claim: object) -> list[str]:
    """The groups of a user; the gateway writes a list as one text, with commas or spaces."""
    if isinstance(claim, list):
        return [str(group) for group in claim]
    return str(claim or "").strip("[]").replace(",", " ").split()


def find_actor(event: Event) -> str:
    """Who has sent a request, for the ledger and the log: a user, an identity, or a key's id.

    Source: Amazon API Gateway Developer Guide, "Input format of a Lambda function for proxy
    integration".
    """
    context = event.get("requestContext") or {}
    claims = (context.get("authorizer") or {}).get("claims") or {}
    identity = context.get("identity") or {}
    for kind, name in (
        ("user", claims.get("cognito:username") or claims.get("sub")),
        ("identity", identity.get("userArn")),
        ("key", identity.get("apiKeyId")),
    ):
        if name:
            return f"{kind} {name}"
    return "key of the operators"
