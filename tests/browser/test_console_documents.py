"""Documents in a browser: uploaded, read, cited, redone, deleted; hostile names are text."""

import pytest
from selenium.webdriver.common.by import By

from infra.project_files import PROJECT
from tests.fakes.pdf.pdf_files import make_text_pdf

REPORT = PROJECT / "infra" / "demo_documents" / "tidal-energy-report.pdf"
TITLE = "Tidal Energy in the Sound of Ellery"
HOSTILE = "<img src=x onerror=document.title='owned'>.pdf"


@pytest.fixture
def upload(browser):
    """Chooses a file on the page of documents, as one does by hand."""

    def choose(path, folder):
        browser.press("Upload")
        browser.fill("Folder", folder)
        browser.find_field("Drop files here, or choose some").send_keys(str(path))
        browser.wait_for_text(f"{folder}/{path.name}: is there")

    return choose


def test_a_document_is_uploaded_read_cited_redone_and_deleted(browser, operator_key, upload):
    browser.sign_in(operator_key)
    browser.wait_for_heading("Today")
    browser.press("Documents")
    browser.wait_for_heading("Documents")
    upload(REPORT, "browsed")
    # The list asks by itself.
    browser.wait_for_text("browsed/tidal-energy-report.pdf\nTidal Energy")
    assert browser.find_barriers() == []

    browser.open("documents?prefix=browsed/", "Documents")
    browser.press("browsed/tidal-energy-report.pdf")
    browser.wait_for_heading(TITLE)
    browser.wait_for_text("Every page is summarised")
    assert browser.find_barriers() == []

    browser.find(By.CSS_SELECTOR, "a[aria-label='page 10']").click()
    browser.wait_for_text("Page 10\nof 12")
    assert "page=10" in browser.driver.current_url
    quote = "Six turbines of 1.5 megawatts each"
    place = browser.driver.current_url.partition("#")[2].partition("?")[0]
    browser.open(f"{place}?page=1&quote={quote}", TITLE)
    browser.wait_for_text("The quote stands there word for word.")
    assert browser.find(By.CSS_SELECTOR, "svg.picture rect.mark")
    browser.driver.back()
    browser.wait_for_text("Page 10\nof 12")

    browser.press("Redo…")
    browser.wait_for_text("would read")
    browser.press("Redo it")
    browser.wait_for_text("It is ordered.")
    browser.press("See how it fares")
    browser.wait_for_text("Every page is summarised")

    browser.press("Delete…")
    browser.wait_for_text("for good")
    assert browser.find_barriers() == []
    browser.press("Yes, do it")
    browser.wait_for_heading("Deleted")
    browser.open("documents?prefix=browsed/&status=DONE", "Documents")
    browser.wait_for_text("No document fits")


def test_a_folder_goes_up_and_whoever_may_only_look_is_told_so(browser, api_key, tmp_path):
    folder = tmp_path / "hostile"
    folder.mkdir()
    path = folder / HOSTILE.replace("/", "")
    path.write_bytes(make_text_pdf("The pier is made of <b>timber</b>. It opened in 1931."))
    (folder / "setup.exe").write_bytes(b"MZ no document")
    (folder / ".hidden").write_bytes(b"left by a file manager")
    browser.sign_in(api_key)
    browser.wait_for_heading("Today")
    browser.open("documents?prefix=hostile/", "Documents")
    browser.press("Upload")
    browser.find_field("Or choose a whole folder").send_keys(str(folder))
    browser.wait_for_text(f"hostile/{path.name}: is there")
    # What is no document is refused with a sentence that says what to do.
    browser.wait_for_text("hostile/setup.exe\n")
    browser.wait_for_text("rejected")
    assert ".hidden" not in browser.read_text()
    browser.press(f"hostile/{path.name}")
    browser.wait_for_text("Every page is summarised")
    assert "owned" not in browser.driver.title or "<img" in browser.driver.title
    assert browser.driver.find_elements(By.CSS_SELECTOR, "#page img, #page b") == []
    browser.press("Delete…")
    browser.press("Yes, do it")
    browser.wait_for_text("Only an operator may do this.")
    assert browser.read_heading() != "Sign in"
