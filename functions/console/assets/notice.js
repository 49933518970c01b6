// The line above the page that says what went wrong, in words that are never read as HTML.
"use strict";

const notice = (() => {
  const box = document.getElementById("notice");
  const text = document.getElementById("notice-text");

  const show = (sentence) => {
    text.textContent = sentence;
    box.hidden = false;
  };

  const hide = () => {
    box.hidden = true;
    text.textContent = "";
  };

  const asSentence = (words) => {
    const line = words.charAt(0).toUpperCase() + words.slice(1);
    return /[.!?…]$/.test(line) ? line : `${line}.`;
  };

  // The sentence of an error in the API's one shape; the gateway's own have the same.
  const read = (status, body) => {
    try {
      const { message, what_to_do: help, request_id: id, code } = JSON.parse(body).error;
      const words = [asSentence(String(message)), help ? asSentence(String(help)) : ""];
      if (status >= 500) words.push(`(Request ${id}.)`);
      return { code, cause: words[0], sentence: words.filter(Boolean).join(" ") };
    } catch {
      const cause = `The server answered with status ${status}.`;
      return { code: "", cause, sentence: cause };
    }
  };

  // For readers of screens: what has changed and is no error.
  const tell = (sentence) => {
    document.getElementById("told").textContent = sentence;
  };

  document.getElementById("notice-close").addEventListener("click", hide);
  return { show, hide, read, tell };
})();
