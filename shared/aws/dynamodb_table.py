"""The edge to DynamoDB: plain Python values in and out, vendor exceptions translated."""

import random
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import ConditionBase
from botocore.exceptions import ClientError

from shared.aws.dynamodb_conflicts import (
    has_appended,
    is_under_way,
    raise_if_cancelled,
    translate_refusals,
    try_while_busy,
)
from shared.aws.dynamodb_expressions import Expressions
from shared.aws.dynamodb_items import Row, to_item, to_row
from shared.aws.errors import translate_aws_errors
from shared.errors import DeadlineError, ServiceError
from shared.grouped_calls import GroupedCalls

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

DAY_INDEX = "arrivals"
IN_FLIGHT_INDEX = "in_flight"

# Amazon DynamoDB Developer Guide, "BatchGetItem": the most keys of a request.
MOST_KEYS = 100
_MOST_KEYS_TOGETHER = 4
# The longest pauses before rows that were not given are asked for again.
_READ_WAITS_SECONDS = (0.05, 0.1, 0.2, 0.4, 0.8)


@dataclass(frozen=True)
class Put:
    """A row to write whole."""

    row: Mapping[str, Any]
    condition: ConditionBase | None = None


@dataclass(frozen=True)
class Update:
    """A row to change: attributes to set (None removes one; once: if not there), numbers to add.

    What is appended goes to the end of a list, which need not be there.
    """

    pk: str
    sk: str
    assign: Mapping[str, Any] = field(default_factory=dict)
    assign_once: Mapping[str, Any] = field(default_factory=dict)
    add: Mapping[str, int] = field(default_factory=dict)
    append: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    condition: ConditionBase | None = None


@dataclass(frozen=True)
class Delete:
    """A row to delete."""

    pk: str
    sk: str
    condition: ConditionBase | None = None


@dataclass(frozen=True)
class RowCheck:
    """A row that has to be in some state for the other operations of its transaction."""

    pk: str
    sk: str
    condition: ConditionBase


Operation = Put | Update | Delete | RowCheck
_GroupedReads = GroupedCalls[Sequence[tuple[str, str]], list[Row | None]]


@dataclass(frozen=True)
class LedgerTable:
    """The ledger's table.

    Args:
        client: A DynamoDB client.
        name: The table's name.
        sleep: Waits the given seconds between tries of a transaction that met another one.
    """

    client: "DynamoDBClient"
    name: str
    sleep: Callable[[float], None]

    def read_row(self, pk: str, sk: str, *, is_consistent: bool = True) -> Row | None:
        """Read one row; if not consistently it may be a moment old, and costs half."""
        with translate_aws_errors("read the ledger"):
            answer = self.client.get_item(
                TableName=self.name,
                Key=to_item({"pk": pk, "sk": sk}),
                ConsistentRead=is_consistent,
            )
        item = answer.get("Item")
        return None if item is None else to_row(item)

    def read_rows(
        self, keys: Sequence[tuple[str, str]], *, is_consistent: bool = True
    ) -> list[Row | None]:
        """Read several rows together; in the order of the keys.

        Args:
            keys: Partition and sort keys, at most 100, all different.
            is_consistent: If not, they may be a moment old, which costs half.

        Raises:
            ServiceError: The service did not give them all.
        """
        wanted = [to_item({"pk": pk, "sk": sk}) for pk, sk in keys]
        read = self._read_keys(wanted, {"ConsistentRead": is_consistent})
        rows = {(row["pk"], row["sk"]): row for row in read}
        return [rows.get(key) for key in keys]

    @cached_property
    def _grouped_reads(self) -> _GroupedReads:
        return GroupedCalls(self._read_each, MOST_KEYS // _MOST_KEYS_TOGETHER)

    @cached_property
    def _grouped_recent_reads(self) -> _GroupedReads:
        read = partial(self._read_each, is_consistent=False)
        return GroupedCalls(read, MOST_KEYS // _MOST_KEYS_TOGETHER)

    def read_rows_together(self, keys: Sequence[tuple[str, str]]) -> list[Row | None]:
        """Read a few rows as `read_rows`, with those that others ask for at the same time.

        Args:
            keys: At most four, all different.
        """
        return self._grouped_reads(keys)

    def read_recent_rows_together(self, keys: Sequence[tuple[str, str]]) -> list[Row | None]:
        """The same of rows that may be a moment old, which costs half."""
        return self._grouped_recent_reads(keys)

    def _read_each(
        self, wanted: Sequence[Sequence[tuple[str, str]]], *, is_consistent: bool = True
    ) -> list[list[Row | None]]:
        keys = list(dict.fromkeys(key for some in wanted for key in some))
        rows = dict(zip(keys, self.read_rows(keys, is_consistent=is_consistent), strict=True))
        return [[rows[key] for key in some] for some in wanted]

    def query_rows(self, pk: str, first_sk: str, last_sk: str) -> Iterator[Row]:
        """Read the rows of a partition between two sort keys, both included, consistently."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.name,
            KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :last",
            ExpressionAttributeValues=to_item({":pk": pk, ":first": first_sk, ":last": last_sk}),
            ConsistentRead=True,
        )
        with translate_aws_errors("query the ledger"):
            for page in pages:
                yield from map(to_row, page["Items"])

    def query_index(self, index: str, key: str, value: str, *, newest_first: bool) -> Iterator[Row]:
        """Read the keys of one partition of an index, in the order of its sort key."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.name,
            IndexName=index,
            KeyConditionExpression="#key = :value",
            ExpressionAttributeNames={"#key": key},
            ExpressionAttributeValues=to_item({":value": value}),
            ScanIndexForward=not newest_first,
        )
        with translate_aws_errors("query the ledger"):
            for page in pages:
                yield from map(to_row, page["Items"])

    def query_index_pages(
        self,
        index: str,
        key: tuple[str, str],
        within: tuple[str, str, str],
        *,
        page_rows: int | None = None,
        is_brief: bool = False,
    ) -> Iterator[list[Row]]:
        """Read the keys of a stretch of one partition of an index, page by page, oldest first.

        Args:
            index: The index.
            key: The name and the value of its partition key.
            within: The name of its sort key, the first value and the last, both included.
            page_rows: The most rows of a page; as many as fit into 1 MB if None.
            is_brief: Only the partition key in the table is wanted of each row.
        """
        wanted: Any = {"ProjectionExpression": "pk"} if is_brief else {}
        pages = self.client.get_paginator("query").paginate(
            TableName=self.name,
            IndexName=index,
            KeyConditionExpression="#key = :value AND #sort BETWEEN :first AND :last",
            ExpressionAttributeNames={"#key": key[0], "#sort": within[0]},
            ExpressionAttributeValues=to_item(
                {":value": key[1], ":first": within[1], ":last": within[2]}
            ),
            PaginationConfig={} if page_rows is None else {"PageSize": page_rows},
            **wanted,
        )
        with translate_aws_errors("query the ledger"):
            for page in pages:
                yield [to_row(item) for item in page["Items"]]

    def query_index_part(
        self, index: str, key: tuple[str, str], start_after: Row | None, limit: int
    ) -> tuple[list[Row], bool]:
        """Read some keys of one partition of an index, newest first.

        Args:
            index: The index.
            key: The name and the value of its partition key.
            start_after: The keys of a row, in the index and in the table, to go on after.
            limit: The most rows that are read.

        Returns:
            The keys, and whether there may be more after them.
        """
        request: Any = {} if start_after is None else {"ExclusiveStartKey": to_item(start_after)}
        with translate_aws_errors("query the ledger"):
            answer = self.client.query(
                TableName=self.name,
                IndexName=index,
                KeyConditionExpression="#key = :value",
                ExpressionAttributeNames={"#key": key[0]},
                ExpressionAttributeValues=to_item({":value": key[1]}),
                ScanIndexForward=False,
                Limit=limit,
                **request,
            )
        return [to_row(item) for item in answer["Items"]], "LastEvaluatedKey" in answer

    def read_indexed(
        self, found: Sequence[Row], key: str, attributes: Sequence[str] = ()
    ) -> Iterator[Row | None]:
        """Read the rows whose keys an index has given, in their order.

        None stands for one that has left the index since, as it lags behind the table. The rows may
        be a moment old, as those of an index may, which costs half.

        Args:
            found: Rows of the index.
            key: The name of its partition key.
            attributes: What is wanted of each row; all if empty.
        """
        names = {f"#a{number}": name for number, name in enumerate({key, "pk", "sk", *attributes})}
        wanted: Any = {}
        if attributes:
            wanted = {
                "ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names
            }  # fmt: skip
        for start in range(0, len(found), MOST_KEYS):
            some = found[start : start + MOST_KEYS]
            keys = [to_item({"pk": one["pk"], "sk": one["sk"]}) for one in some]
            rows = {(row["pk"], row["sk"]): row for row in self._read_keys(keys, wanted)}
            for one in some:
                row = rows.get((one["pk"], one["sk"]))
                yield row if row is not None and row.get(key) == one[key] else None

    def _read_keys(self, keys: list[Any], how: Mapping[str, Any]) -> Iterator[Row]:
        """Read rows; what is not given at once, as of a busy partition, is asked for again."""
        for wait_seconds in (*_READ_WAITS_SECONDS, None):
            request: Any = {self.name: {"Keys": keys, **how}}
            with translate_aws_errors("read the ledger"):
                answer = self.client.batch_get_item(RequestItems=request)
            yield from map(to_row, answer["Responses"].get(self.name, ()))
            left = answer.get("UnprocessedKeys", {}).get(self.name)
            if not left:
                return
            keys = list(left["Keys"])
            if wait_seconds is None:
                break
            try:
                self.sleep(random.uniform(wait_seconds / 2, wait_seconds))  # noqa: S311 - chance, not secrecy
            except DeadlineError:
                break
        raise ServiceError(
            "the ledger did not give all rows", delay_seconds=5, reason="aws_service"
        )

    def put_row(self, put: Put) -> None:
        """Write a row, if its condition holds.

        Raises:
            LedgerConflictError: The condition does not hold; carries the row that is there.
            ServiceError: Transactions kept the row busy, or the service failed.
        """
        request = self._to_put(put)

        @translate_aws_errors("write to the ledger")
        @translate_refusals()
        def write() -> None:
            self.client.put_item(**request)

        try_while_busy(write, self.sleep)

    def update_row(self, update: Update) -> Row:
        """Change a row, if its condition holds.

        The client sends a request again whose answer is lost (AWS SDKs and Tools Reference Guide,
        "Retry behavior"). What is appended tells then that the row is as this change has made it.

        Returns:
            The whole row as it was before; empty if there was none, or if the answer was lost.

        Raises:
            LedgerConflictError: The condition does not hold; carries the row that is there.
            ServiceError: Transactions kept the row busy, or the service failed.
        """
        request = self._to_update(update)

        @translate_aws_errors("write to the ledger")
        @translate_refusals()
        def write() -> Row:
            try:
                answer = self.client.update_item(**request, ReturnValues="ALL_OLD")
            except ClientError as error:
                if not has_appended(error.response.get("Item"), update.append):
                    raise
                return {}
            return to_row(answer.get("Attributes", {}))

        return try_while_busy(write, self.sleep)

    def transact(self, operations: Sequence[Operation]) -> None:
        """Carry out all operations or none.

        Two transactions on one row at the same time cancel each other; the loser tries again
        (Amazon DynamoDB Developer Guide, "Transaction conflict handling").

        Raises:
            LedgerConflictError: A condition does not hold; carries that row.
            ServiceError: Other transactions kept the rows busy, or the service failed.
        """
        items = [self._to_transact_item(operation) for operation in operations]
        token = str(uuid.uuid4())

        @translate_aws_errors("write to the ledger")
        def write() -> None:
            nonlocal token
            try:
                self.client.transact_write_items(TransactItems=items, ClientRequestToken=token)
            except ClientError as error:
                # One that is under way may yet succeed, and is not to be carried out twice.
                if not is_under_way(error):
                    token = str(uuid.uuid4())
                raise_if_cancelled(error)
                raise

        try_while_busy(write, self.sleep)

    def _to_put(self, put: Put) -> Any:
        return {
            "TableName": self.name,
            "Item": to_item(put.row),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            **Expressions().with_condition(put.condition).arguments,
        }

    def _to_update(self, update: Update) -> Any:
        return {
            "TableName": self.name,
            "Key": to_item({"pk": update.pk, "sk": update.sk}),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            **Expressions()
            .with_update(update.assign, update.assign_once, update.add, update.append)
            .with_condition(update.condition)
            .arguments,
        }

    def _to_conditional(self, operation: Delete | RowCheck) -> Any:
        return {
            "TableName": self.name,
            "Key": to_item({"pk": operation.pk, "sk": operation.sk}),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            **Expressions().with_condition(operation.condition).arguments,
        }

    def _to_transact_item(self, operation: Operation) -> "TransactWriteItemTypeDef":
        match operation:
            case Put():
                return {"Put": self._to_put(operation)}
            case Update():
                return {"Update": self._to_update(operation)}
            case Delete():
                return {"Delete": self._to_conditional(operation)}
            case RowCheck():
                return {"ConditionCheck": self._to_conditional(operation)}
