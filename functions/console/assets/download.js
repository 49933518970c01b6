// Files that come with the key: a link cannot send its header, so the script asks and saves.
"use strict";

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("button[data-download]");
  if (!button || !signIn.isIn) return;
  button.disabled = true;
  // Until it begins to come: how long it takes then is the file's affair.
  const waiting = new AbortController();
  const timer = setTimeout(() => waiting.abort(), htmx.config.defaultTimeout);
  try {
    const headers = {};
    signIn.addTo(headers);
    const answer = await fetch(button.dataset.download, { headers, signal: waiting.signal });
    clearTimeout(timer);
    if (!answer.ok) {
      notice.show(notice.read(answer.status, await answer.text()).sentence);
      return;
    }
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = button.dataset.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    notice.tell(`${button.dataset.name} is saved.`);
  } catch {
    notice.show("The server cannot be reached. Look at the network, then try again.");
  } finally {
    clearTimeout(timer);
    button.disabled = false;
  }
});
