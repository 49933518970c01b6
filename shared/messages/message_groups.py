"""Whose a message is, among those that share a queue: the group by which SQS shares it fairly.

A standard queue whose messages have a `MessageGroupId` is a fair queue: a group that keeps the
consumers busy is noisy, and messages of others come before its own. A message without a group
counts as one of its own (Amazon SQS Developer Guide, "How Amazon SQS fair queues work"). So what
comes in bulk needs a group, and what a person waits for must not share it.
"""

import hashlib
import re

# Amazon SQS API Reference, "SendMessage": what a MessageGroupId may be made of.
GROUP_PATTERN = r"^[!-~]{1,128}$"
_HASH_DIGITS = 32

# What lies in no folder shares this one.
_NO_FOLDER = ""


def group_of_document(key: str, redo_order: str = "") -> str:
    """The group of all messages about a document: its folder, or the order by which it is redone.

    The folder is the first step of its key: who puts a tree of folders puts one bulk. What an
    operator has redone keeps no new document of the same folder waiting.
    """
    if redo_order:
        return group_of_redo(redo_order)
    # Some programs write paths that begin with a slash: what is before it is no folder.
    folder, slash, _ = key.lstrip("/").partition("/")
    return _make_group("folder", folder if slash else _NO_FOLDER)


def group_of_redo(order: str) -> str:
    """The group of all that is redone by one order."""
    return _make_group("redo", order)


def group_of_sender(sender: str) -> str:
    """The group of the tasks that somebody sends one at a time."""
    return _make_group("sender", sender)


def group_of_bulk(sender: str) -> str:
    """The group of the tasks that one command or request of somebody has made of many documents."""
    return _make_group("bulk", sender)


def _make_group(kind: str, name: str) -> str:
    group = f"{kind}:{name}"
    if re.fullmatch(GROUP_PATTERN, group):
        return group
    name_sha256 = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{kind}:{name_sha256[:_HASH_DIGITS]}"
