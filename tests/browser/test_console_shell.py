"""The shell of the console: who gets in, who does not, and what is left of it afterwards."""


def test_the_key_opens_the_console_and_signing_out_empties_it(browser, api_key):
    browser.wait_for_heading("Sign in")
    browser.sign_in(api_key)
    browser.wait_for_heading("Today")
    assert browser.find_barriers() == []
    browser.press("Documents")
    browser.wait_for_heading("Documents")
    browser.press("Sign out")
    browser.wait_for_heading("Sign in")
    script = "return [document.getElementById('page').innerHTML, sessionStorage.length]"
    assert browser.driver.execute_script(script) == ["", 0]
    assert browser.find_barriers() == []


def test_a_wrong_key_leads_back_to_the_door_and_a_right_one_to_where_one_was(browser, api_key):
    address = browser.driver.current_url
    browser.driver.get(f"{address}/")
    assert browser.driver.current_url == address
    browser.sign_in("wrong")
    browser.wait_for_text("The API key is missing or wrong.")
    browser.wait_for_heading("Sign in")
    browser.sign_in(api_key)
    browser.wait_for_heading("Today")
    # As after it was exchanged for another.
    browser.driver.execute_script("sessionStorage['seashore-key'] = 'of-yesterday'")
    browser.driver.execute_script("location.hash = 'spend?days=7'")
    browser.wait_for_heading("Sign in")
    browser.sign_in(api_key)
    browser.wait_for_heading("Spend")
    assert browser.driver.current_url.endswith("#spend?days=7")
