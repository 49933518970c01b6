// Who is signed in: a key, and where the stack asks for it a user's token, that this tab alone
// keeps. They go out in headers that only this script sets. No cookie is ever set, so no other page
// can have a browser act in somebody's name.
"use strict";

const signIn = (() => {
  const KEY = "seashore-key";
  const TOKENS = "seashore-tokens";
  const PENDING = "seashore-pending";
  // So long before a token ends it is renewed.
  const EARLY_SECONDS = 120;
  const page = document.getElementById("sign-in");
  const form = document.getElementById("sign-in-form");
  const field = document.getElementById("key");
  const { provider, client } = page.dataset;
  const listeners = [];

  const readTokens = () => JSON.parse(sessionStorage.getItem(TOKENS) ?? "null");
  const isIn = () => sessionStorage.getItem(KEY) !== null && (!provider || readTokens() !== null);

  const show = () => {
    page.hidden = isIn();
    document.getElementById("top").hidden = !isIn();
    document.getElementById("page").hidden = !isIn();
    if (!isIn()) {
      document.getElementById("page").replaceChildren();
      document.title = "Sign in · Seashore";
      if (!form.hidden) field.focus();
    }
    for (const listener of listeners) listener(isIn());
  };

  const forget = () => {
    for (const name of [KEY, TOKENS, PENDING]) sessionStorage.removeItem(name);
    field.value = "";
    show();
  };

  // Not as its user wanted it: what was under way can be gone on with.
  const end = (words) => {
    const left = unfinished.keep();
    forget();
    notice.show(`${words} Sign in again. ${left}`.trim());
  };

  // ---- Users: the authorization code grant with PKCE (RFC 7636, RFC 6749)

  const here = () => location.origin + location.pathname;

  const encode = (bytes) =>
    btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  const digest = async (text) =>
    encode(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))));

  // Who is signed in, in a word from which neither the key nor the name can be had.
  const tellWho = async () => {
    const [, claims] = provider ? readTokens().id.split(".") : [];
    const user = claims && JSON.parse(atob(claims.replace(/-/g, "+").replace(/_/g, "/"))).sub;
    return digest(JSON.stringify([sessionStorage.getItem(KEY), user]));
  };

  const leave = async () => {
    const verifier = encode(crypto.getRandomValues(new Uint8Array(32)));
    const state = encode(crypto.getRandomValues(new Uint8Array(16)));
    sessionStorage.setItem(PENDING, JSON.stringify({ verifier, state, place: location.hash }));
    const query = new URLSearchParams({
      response_type: "code",
      client_id: client,
      redirect_uri: here(),
      scope: "openid",
      state,
      code_challenge: await digest(verifier),
      code_challenge_method: "S256",
    });
    location.assign(`${provider}/oauth2/authorize?${query}`);
  };

  class RefusedError extends Error {}

  const askTokens = async (fields) => {
    const body = new URLSearchParams({ client_id: client, ...fields });
    const answer = await fetch(`${provider}/oauth2/token`, { method: "POST", body });
    if (!answer.ok) {
      const isRefused = answer.status < 500 && answer.status !== 429;
      const words = `The sign-in was refused (${answer.status}).`;
      throw isRefused ? new RefusedError(words) : new Error(words);
    }
    const given = await answer.json();
    const old = readTokens();
    const tokens = {
      id: given.id_token,
      refresh: given.refresh_token ?? old?.refresh,
      until: Date.now() + given.expires_in * 1000,
    };
    sessionStorage.setItem(TOKENS, JSON.stringify(tokens));
  };

  const comeBack = async () => {
    const query = new URLSearchParams(location.search);
    const pending = JSON.parse(sessionStorage.getItem(PENDING) ?? "null");
    sessionStorage.removeItem(PENDING);
    history.replaceState(null, "", here() + (pending?.place ?? ""));
    // Whoever sends somebody here with a code of their own does not know the state.
    if (pending === null || query.get("state") !== pending.state) {
      notice.show("That sign-in was not begun in this tab: begin it again.");
      return;
    }
    try {
      if (query.has("error")) throw new Error(query.get("error_description") ?? query.get("error"));
      await askTokens({
        grant_type: "authorization_code",
        code: query.get("code"),
        redirect_uri: here(),
        code_verifier: pending.verifier,
      });
    } catch (error) {
      notice.show(error.message);
    }
  };

  const renew = async () => {
    const tokens = readTokens();
    if (!tokens?.refresh || tokens.until - Date.now() > EARLY_SECONDS * 1000) return;
    try {
      await askTokens({ grant_type: "refresh_token", refresh_token: tokens.refresh });
    } catch (error) {
      // Without a network, or while the provider is busy, it is tried again.
      if (!(error instanceof RefusedError)) return;
      end("The sign-in has ended.");
    }
  };

  // ---- The form

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const key = field.value.trim();
    field.value = "";
    // A header holds nothing else, and no key has it.
    if (!/^[\x21-\x7e]{1,200}$/.test(key)) {
      notice.show("That is no API key: it has blanks or characters that no key has.");
      return;
    }
    notice.hide();
    sessionStorage.setItem(KEY, key);
    if (provider) leave();
    else show();
  });

  document.getElementById("sign-out").addEventListener("click", () => {
    notice.hide();
    unfinished.drop();
    forget();
  });

  // Whoever comes back to a page that the browser has kept finds it as it is now.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) show();
  });

  const start = async () => {
    const query = new URLSearchParams(location.search);
    if (provider && (query.has("code") || query.has("error"))) await comeBack();
    if (provider) setInterval(renew, 30_000);
    show();
  };

  return {
    start,
    end,
    tellWho,
    onChange: (listener) => listeners.push(listener),
    get isIn() {
      return isIn();
    },
    addTo: (headers) => {
      headers["X-Api-Key"] = sessionStorage.getItem(KEY);
      if (provider) headers.Authorization = readTokens().id;
    },
  };
})();
