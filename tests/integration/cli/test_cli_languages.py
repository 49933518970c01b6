"""The data of languages that scans are read in, brought into a stack."""

import pytest

from infra.deploy.language_files import put_missing_languages
from shared.aws.objects import ObjectStore
from tests.fakes.desks.command_line import assert_one_line, list_outputs, open_command_line


@pytest.fixture
def seashore(account):
    with open_command_line(account, OcrLanguages="eng") as run:
        yield run


def list_languages(account):
    answer = account.clients.s3.list_objects_v2(
        Bucket=account.settings.artifacts_bucket, Prefix="languages/"
    )
    return [entry["Key"] for entry in answer.get("Contents", [])]


def test_a_language_of_an_installed_package_is_put(seashore, account):
    assert seashore("languages", "add", "eng").exit_code == 0
    assert list_languages(account) == ["languages/eng.traineddata"]


def test_a_file_is_put_and_the_command_that_has_it_used_is_told(seashore, account, tmp_path):
    path = tmp_path / "fra.traineddata"
    path.write_bytes(b"data")
    result = seashore("languages", "add", path)

    assert result.exit_code == 0
    assert "--parameters OcrLanguages=eng,fra" in result.stderr
    assert list_languages(account) == ["languages/fra.traineddata"]


def test_a_language_that_is_nowhere_is_refused_in_words(seashore, account):
    result = seashore("languages", "add", "eng", "tlh")

    assert result.exit_code == 1
    assert_one_line(result.stderr, "There is no data of tlh here")
    assert list_languages(account) == []


def test_a_deployment_puts_what_is_missing_and_tells_of_what_is_nowhere(account):
    told = []
    objects = ObjectStore(account.clients.s3)
    outputs = list_outputs(account) | {"OcrLanguages": "eng,tlh"}
    put_missing_languages(outputs, objects, told.append)
    put_missing_languages(outputs, objects, told.append)

    assert list_languages(account) == ["languages/eng.traineddata"]
    assert [line.split(":")[0] for line in told] == [
        "Put the data of the language eng for the recognition of scans",
        *["Scans wait until the data of tlh is there"] * 2,
    ]
