"""Users of a Cognito pool at the door: PKCE, their token, and what is of no use to others."""

import base64
import hashlib
import json
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.browser.console_browser import add_script
from tests.browser.console_server import serve_console
from tests.fakes.desks.api_desk import open_api_desk

PROVIDER = "papers.auth.example.com"
# Stands in for the provider's address of tokens, which no test can reach, and keeps what it gets.
ANSWER_TOKENS = """
const real = window.fetch;
window.fetch = async (address, options) => {
  if (!String(address).startsWith('https://papers.auth.example.com/oauth2/token')) {
    return real(address, options);
  }
  sessionStorage.setItem('sent-to-provider', options.body.toString());
  const tokens = {id_token: 'the-token', refresh_token: 'more', expires_in: 3600};
  return new Response(JSON.stringify(tokens));
};
"""


@pytest.fixture
def door(chromium):
    """The console of a stack for users of a pool, and what is asked of it."""
    with (
        open_api_desk(
            with_model=False,
            api_authorizer="cognito",
            cognito_domain=PROVIDER,
            cognito_client_id="client1",
        ) as desk,
        serve_console(desk) as (address, asked),
    ):
        add_script(chromium.driver, ANSWER_TOKENS)
        chromium.start(address)
        yield chromium, address, asked


# Asks for new tokens often, and in vain, as a laptop does that has just woken up.
LOSE_NETWORK = """
const every = window.setInterval;
window.setInterval = (work, ms) => every(work, Math.min(ms, 200));
const given = window.fetch;
window.fetch = async (address, options) => {
  if (!String(options?.body).includes('grant_type=refresh_token')) return given(address, options);
  sessionStorage.renewals = 1 + Number(sessionStorage.renewals ?? 0);
  throw new TypeError('Failed to fetch');
};
"""


def begin(browser):
    """Sign in as far as the provider, and what it is asked with."""
    browser.sign_in("a-key")
    browser.wait(lambda: PROVIDER in browser.driver.current_url, "it stays where it is")
    return {k: v[0] for k, v in parse_qs(urlsplit(browser.driver.current_url).query).items()}


def test_a_user_comes_back_with_a_code_and_goes_on_with_a_token(door):
    browser, address, asked = door
    query = begin(browser)
    assert query["redirect_uri"] == address
    assert (query["client_id"], query["response_type"]) == ("client1", "code")
    browser.driver.get(f"{address}?code=the-code&state={query['state']}")
    browser.wait_for_heading("Today")
    assert browser.driver.current_url == address
    sent = parse_qs(browser.driver.execute_script("return sessionStorage['sent-to-provider']"))
    assert sent["code"] == ["the-code"]
    challenge = hashlib.sha256(sent["code_verifier"][0].encode()).digest()
    assert base64.urlsafe_b64encode(challenge).decode().rstrip("=") == query["code_challenge"]
    assert asked[-1]["authorization"] == "the-token"
    assert asked[-1]["x-api-key"] == "a-key"
    browser.press("Sign out")
    browser.wait_for_heading("Sign in")
    kept = browser.driver.execute_script("return {...sessionStorage}")
    assert not {"the-token", "a-key"} & set(json.dumps(kept).split('"'))


def test_a_token_that_cannot_be_renewed_without_a_network_signs_nobody_out(door):
    browser, address, _ = door
    add_script(browser.driver, LOSE_NETWORK)
    query = begin(browser)
    browser.driver.get(f"{address}?code=the-code&state={query['state']}")
    browser.wait_for_heading("Today")
    browser.driver.execute_script("""
      const tokens = JSON.parse(sessionStorage['seashore-tokens']);
      sessionStorage['seashore-tokens'] = JSON.stringify({...tokens, until: 0});
    """)
    count = "return Number(sessionStorage.renewals ?? 0)"
    browser.wait(lambda: browser.driver.execute_script(count) >= 2, "it does not try again")
    assert browser.read_heading() == "Today"


def test_a_user_is_the_same_with_every_token_and_no_other_is(door):
    browser, _, _ = door

    def tell_who(key, **claims):
        content = base64.urlsafe_b64encode(json.dumps(claims, ensure_ascii=False).encode())
        token = f"head.{content.decode().rstrip('=')}.signature"
        script = """
          sessionStorage['seashore-key'] = arguments[0];
          sessionStorage['seashore-tokens'] = JSON.stringify({id: arguments[1]});
          return signIn.tellWho();
        """
        return browser.driver.execute_script(script, key, token)

    who = tell_who("a-key", sub="u1", name="Zoë 😀?>", exp=1)
    assert who == tell_who("a-key", sub="u1", name="Zoë 😀?>", exp=2)
    assert len({who, tell_who("a-key", sub="u2"), tell_who("b-key", sub="u1")}) == 3


@pytest.mark.parametrize("state", ["forged", ""])
def test_a_code_that_somebody_else_has_sent_is_of_no_use(door, state):
    browser, address, asked = door
    begin(browser)
    browser.driver.get(f"{address}?code=stolen&state={state}")
    browser.wait_for_text("That sign-in was not begun in this tab")
    browser.wait_for_heading("Sign in")
    assert browser.driver.execute_script("return sessionStorage['sent-to-provider']") is None
    assert asked == []


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"api_authorizer": "iam"}, "which a browser does not have"),
        ({"api_authorizer": "cognito"}, "deploy with CognitoDomain and CognitoClientId"),
    ],
)
def test_where_nobody_can_sign_in_the_page_says_what_to_do(chromium, settings, words):
    with (
        open_api_desk(with_model=False, **settings) as desk,
        serve_console(desk) as (address, _),
    ):
        chromium.start(address)
        chromium.wait_for_text(words)
        assert not chromium.driver.find_element("id", "key").is_displayed()
        assert chromium.find_barriers() == []
        assert chromium.read_violations() == []
