"""The console without a browser: what is open, what its answers allow, what a stranger is told."""

import gzip
import json
import re

import pytest

from functions.console.rendering import FOLDER
from functions.console.shell import load_assets
from tests.fakes.desks.api_desk import open_api_desk

EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}
PARTS = ["/console/parts/today", "/console/parts/documents"]


@pytest.fixture(scope="module")
def desk():
    with open_api_desk(with_model=False) as desk:
        yield desk


def read_policy(answer):
    directives = (part.split() for part in answer.headers["Content-Security-Policy"].split(";"))
    return {name: values for name, *values in directives}


def test_the_shell_allows_itself_and_the_two_buckets_and_nothing_else(desk):
    answer = desk.browse("/console")
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers.items() >= EVERYWHERE.items()
    policy = read_policy(answer)
    settings = desk.account.settings
    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == policy["style-src"] == ["'self'"]
    for closed in ("base-uri", "form-action", "frame-ancestors"):
        assert policy[closed] == ["'none'"]
    assert [settings.documents_bucket in part for part in policy["connect-src"]] == [False, True]
    assert [settings.artifacts_bucket in part for part in policy["img-src"]] == [False, True]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


def test_a_slash_at_the_end_leads_to_the_page_to_which_all_it_loads_is_relative(desk):
    answer = desk.browse("/console/")
    assert (answer.status, answer.headers["Location"]) == (302, "../console")
    assert answer.headers.items() >= EVERYWHERE.items()
    assert desk.browse("/console//").status == 404


def test_nothing_in_the_shell_is_inline_or_from_elsewhere(desk):
    page = desk.browse("/console").body
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", page)
    addresses = re.findall(r'(?:src|href)="([^"#]+)"', page)
    assert len(addresses) >= 4
    assert all(address.startswith("console/assets/") for address in addresses)


def test_an_asset_is_kept_for_good_under_the_address_that_names_its_content(desk):
    for name, asset in load_assets().items():
        path = f"/console/assets/{name}"
        kept = desk.browse(path, query={"v": asset.version})
        assert (kept.status, kept.body) == (200, asset.content)
        assert "immutable" in kept.headers["Cache-Control"]
        assert desk.browse(path).headers["Cache-Control"] == "no-cache"
        assert desk.browse(path, query={"v": "old"}).headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("name", ["", "nope.js", "../shell.py", "console.js/", "%2e%2e/shell.py"])
def test_nothing_but_the_assets_is_given_out(desk, name):
    answer = desk.browse(f"/console/assets/{name}")
    assert answer.status == 404
    assert json.loads(answer.body)["error"]["code"] == "not_found"


@pytest.mark.parametrize("path", PARTS)
def test_a_part_is_html_that_nobody_keeps_or_frames(desk, path):
    answer = desk.browse(path)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers.items() >= EVERYWHERE.items()
    assert read_policy(answer)["frame-ancestors"] == ["'none'"]
    # A page of another origin is let in nowhere, whatever ApiCorsOrigin says of the JSON routes.
    assert not [name for name in answer.headers if name.startswith("Access-Control")]


def test_a_part_that_is_not_there_is_told_as_every_error_is(desk):
    answer = desk.browse("/console/parts/nope")
    assert answer.status == 404
    assert json.loads(answer.body)["error"]["code"] == "no_such_route"
    assert answer.headers.items() >= EVERYWHERE.items()


def test_the_whole_shell_is_small(desk):
    parts = [desk.browse("/console").body, *(asset.content for asset in load_assets().values())]
    assert sum(len(gzip.compress(part.encode())) for part in parts) < 40_000


def test_no_attribute_is_written_by_an_expression():
    # Its quotes would be escaped, as all that an expression gives is.
    written = re.compile(r"""\{\{\s*['"][^}]*=\\?["'][^}]*\}\}""")
    texts = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.j2")}
    found = {name: written.findall(text) for name, text in texts.items()}
    assert {name: ones for name, ones in found.items() if ones} == {}
    assert written.findall("<td{{ ' class=\"number\"' if one }}>")
