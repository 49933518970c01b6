"""`seashore delete`, from its arguments to its exit status, on moto."""

import hashlib
import json

import pytest

from infra.cli.exit_codes import ExitCode
from infra.cli.times import describe_time
from shared.ledger.children import enter_child, plan_child
from shared.ledger.documents import find_document
from shared.ledger.erasures import find_erasure, settle_erasure
from tests.fakes.desks.command_line import open_command_line
from tests.fakes.entered_documents import Ledger


@pytest.fixture
def seashore(account):
    with open_command_line(account, TimeZone="UTC") as seashore:
        yield seashore


@pytest.fixture
def ledger(account):
    return Ledger(account)


def test_without_yes_it_says_what_would_go_and_what_stays(seashore, ledger):
    document = ledger.enter("a.pdf")
    result = seashore("delete", "a.pdf")
    assert result.stdout == f"{document.document_id}\ta.pdf\tRECEIVED\n"
    assert "point-in-time recovery" in result.stderr
    assert "add --yes" in result.stderr
    assert result.exit_code == ExitCode.OK
    assert find_document(ledger.table, document.document_id) is not None


def test_ids_keys_and_prefixes_name_documents(seashore, ledger):
    kept = ledger.enter("b/kept.pdf")
    entered = [ledger.enter(key) for key in ("one.pdf", "two.pdf", "a/three.pdf", "a/four.pdf")]
    one, *_ = entered
    result = seashore("delete", one.document_id, "two.pdf", "--prefix", "a/", "--yes", "--json")
    assert result.exit_code == ExitCode.OK
    told = json.loads(result.stdout)
    assert set(told["results"]) == {document.document_id for document in entered}
    assert set(told["results"].values()) == {"erased"}
    assert all(find_document(ledger.table, one.document_id) is None for one in entered)
    assert find_document(ledger.table, kept.document_id) is not None


def test_what_is_inside_of_a_document_is_listed_and_counted_and_goes_with_it(seashore, ledger):
    mail = ledger.enter("mail.eml")
    inside = []
    for parent, name in ((mail, "board.zip"), (mail, "pier.pdf")):
        planned = plan_child(parent, name, hashlib.sha256(name.encode()).hexdigest())
        enter_child(ledger.table, planned, 100, lambda: ledger.now)
        inside.append(ledger.enter(planned.key))
    planned = plan_child(inside[0], "deep.pdf", "cd" * 32)
    enter_child(ledger.table, planned, 100, lambda: ledger.now)
    inside.append(ledger.enter(planned.key))
    wanted = {one.document_id for one in (mail, *inside)}

    asked = seashore("delete", "mail.eml", "--dry-run", "--yes")
    assert {line.split("\t")[0] for line in asked.stdout.splitlines()} == wanted
    assert "4 to delete, 3 of them files inside" in " ".join(asked.stderr.split())
    told = json.loads(seashore("delete", "mail.eml", "--yes", "--json").stdout)
    assert {one["document_id"] for one in told["to_delete"]} == wanted
    assert told["results"] == dict.fromkeys(wanted, "erased")
    assert not any(find_document(ledger.table, one) for one in wanted)


@pytest.mark.parametrize("is_first", [True, False])
def test_a_file_inside_that_is_named_too_is_said_to_be_inside_and_erased_first(
    seashore, ledger, is_first
):
    mail = ledger.enter("mail.eml")
    planned = plan_child(mail, "pier.pdf", "ab" * 32)
    enter_child(ledger.table, planned, 100, lambda: ledger.now)
    child = ledger.enter(planned.key).document_id
    names = [child, "mail.eml"] if is_first else ["mail.eml", child]
    asked = seashore("delete", *names, "--dry-run", "--yes")
    assert "2 to delete, 1 of them files inside" in " ".join(asked.stderr.split())
    results = json.loads(seashore("delete", *names, "--yes", "--json").stdout)["results"]
    assert list(results.items()) == [(child, "erased"), (mail.document_id, "erased")]


def test_what_is_not_there_or_not_named_is_an_error(seashore, ledger):
    assert seashore("delete", "unknown.pdf", "--yes").exit_code == ExitCode.UNKNOWN_DOCUMENT
    assert seashore("delete", "--yes").exit_code == ExitCode.USAGE


def test_explain_tells_who_erased_a_document(seashore, ledger):
    document = ledger.enter("a.pdf")
    seashore("delete", "a.pdf", "--yes")
    erasure = find_erasure(ledger.table, document.document_id)
    result = seashore("explain", document.document_id)
    assert result.exit_code == ExitCode.OK
    for words in (document.document_id, f"Erased by {erasure.erased_by}", erasure.erased_at):
        assert words in result.stdout
    assert "written late is still to be deleted" in result.stdout
    told = json.loads(seashore("explain", document.document_id, "--json").stdout)
    assert (told["document"], told["erasure"]["erased_at"]) == (None, erasure.erased_at)
    settle_erasure(ledger.table, erasure)
    assert "Nothing more can come" in seashore("explain", document.document_id).stdout


@pytest.mark.parametrize("command", ["show", "watch", "delete"])
def test_other_commands_say_that_a_document_was_erased_and_when(seashore, ledger, command):
    document = ledger.enter("a.pdf")
    seashore("delete", "a.pdf", "--yes")
    erasure = find_erasure(ledger.table, document.document_id)
    result = seashore(command, document.document_id)
    assert result.exit_code == ExitCode.UNKNOWN_DOCUMENT
    told = " ".join(result.stderr.split())
    assert f"was erased on {describe_time(erasure.erased_at)} by {erasure.erased_by}" in told
