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

  const AGAIN = "Wait a moment, then try again.";
  // What was pressed is known to the server by its key.
  const ONCE = "Whether this was done is not known. Wait a moment, then press again: it is done once all the same.";

  // The sentence of an error in the API's one shape; the gateway's own have the same, but for those
  // of what stands before it. Without help of its own it says what to do about a server at fault.
  const read = (status, body, method = "GET") => {
    const fallback = status >= 500 || status === 429 ? (method === "POST" ? ONCE : AGAIN) : "";
    try {
      const { message, what_to_do: help, request_id: id, code } = JSON.parse(body).error;
      const words = [asSentence(String(message)), help ? asSentence(String(help)) : fallback];
      if (status >= 500 && id) words.push(`(Request ${id}.)`);
      return { code, cause: words[0], sentence: words.filter(Boolean).join(" ") };
    } catch {
      const cause = `The server answered with status ${status}.`;
      return { code: "", cause, sentence: `${cause} ${fallback}`.trim() };
    }
  };

  // For readers of screens: what has changed and is no error.
  const tell = (sentence) => {
    document.getElementById("told").textContent = sentence;
  };

  document.getElementById("notice-close").addEventListener("click", hide);
  return { show, hide, read, tell };
})();
