// Who is signed in: a key that this tab alone keeps, and that goes out in a header that only this
// script sets. No cookie is ever set, so no other page can have a browser act in somebody's name.
"use strict";

const signIn = (() => {
  const KEY = "seashore-key";
  const page = document.getElementById("sign-in");
  const form = document.getElementById("sign-in-form");
  const field = document.getElementById("key");
  const listeners = [];

  const read = () => sessionStorage.getItem(KEY);

  const show = () => {
    const isIn = read() !== null;
    page.hidden = isIn;
    document.getElementById("top").hidden = !isIn;
    document.getElementById("page").hidden = !isIn;
    if (!isIn) {
      document.getElementById("page").replaceChildren();
      document.title = "Sign in · Seashore";
      field.focus();
    }
    for (const listener of listeners) listener(isIn);
  };

  const forget = () => {
    sessionStorage.removeItem(KEY);
    field.value = "";
    show();
  };

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
    show();
  });

  document.getElementById("sign-out").addEventListener("click", () => {
    notice.hide();
    forget();
  });

  // Whoever comes back to a page that the browser has kept finds it as it is now.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) show();
  });

  return {
    start: show,
    forget,
    onChange: (listener) => listeners.push(listener),
    get isIn() {
      return read() !== null;
    },
    addTo: (headers) => {
      headers["X-Api-Key"] = read();
    },
  };
})();
