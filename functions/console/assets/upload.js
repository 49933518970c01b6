// Files that are dropped or chosen go straight to the bucket, by a form that the API has signed.
"use strict";

(() => {
  const AT_ONCE = 3;
  const waiting = [];
  let running = 0;

  const findForm = (element) => element.closest?.("form[data-upload]");

  const writeLine = (form, name) => {
    const line = document.createElement("li");
    const bar = document.createElement("progress");
    const words = document.createElement("span");
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", name);
    words.textContent = `${name}: waits`;
    line.append(bar, " ", words);
    form.querySelector(".progress").append(line);
    return {
      say: (sentence) => (words.textContent = `${name}: ${sentence}`),
      move: (part) => (bar.value = part),
      end: () => bar.remove(),
    };
  };

  const ask = async (address, key, size) => {
    const headers = { "Content-Type": "application/json" };
    signIn.addTo(headers);
    const body = JSON.stringify({ key, size_bytes: size });
    const signal = AbortSignal.timeout(htmx.config.defaultTimeout);
    const answer = await fetch(address, { method: "POST", headers, body, signal }).catch(() => {
      throw new Error("The server cannot be reached. Look at the network, then choose it again.");
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(notice.read(answer.status, text).sentence);
    return JSON.parse(text);
  };

  const post = (form, file, move) =>
    new Promise((resolve, reject) => {
      const fields = new FormData();
      for (const [name, value] of Object.entries(form.fields)) fields.append(name, value);
      fields.append("file", file);
      // Not fetch: that does not tell how far an upload is.
      const request = new XMLHttpRequest();
      request.open("POST", form.url);
      request.upload.addEventListener("progress", (event) => move(event.loaded / event.total));
      request.addEventListener("load", () =>
        request.status < 300 ? resolve() : reject(new Error(`The bucket refused it (${request.status}). Choose it again.`)),
      );
      request.addEventListener("error", () => reject(new Error("The bucket cannot be reached. Choose it again.")));
      request.send(fields);
    });

  const upload = async ({ form, file, key, line }) => {
    try {
      if (file.size === 0) throw new Error("It is empty.");
      line.say("is asked for");
      const signed = await ask(form.dataset.upload, key, file.size);
      line.say("is going up");
      await post(signed, file, line.move);
      line.say("is there");
    } catch (error) {
      line.say(error.message);
    }
    line.end();
    document.dispatchEvent(new CustomEvent("seashore:changed"));
  };

  const next = async () => {
    if (running === AT_ONCE || waiting.length === 0) return;
    running += 1;
    await upload(waiting.shift());
    running -= 1;
    next();
  };

  const isHidden = (path) => path.split("/").some((part) => part.startsWith("."));

  // Files with their paths within what was chosen; of a folder hidden ones are left out, which
  // nobody has put there.
  const take = (form, found) => {
    const folder = form.elements.folder.value.trim().replace(/^\/+|\/+$/g, "");
    const wanted = found.filter(({ path }) => !path.includes("/") || !isHidden(path));
    if (wanted.length === 0) notice.show("There is no file in it.");
    for (const { file, path } of wanted) {
      const key = folder ? `${folder}/${path}` : path;
      waiting.push({ form, file, key, line: writeLine(form, key) });
      next();
    }
  };

  const listFiles = (files) =>
    [...files].map((file) => ({ file, path: file.webkitRelativePath || file.name }));

  // What is in a dropped folder, at any depth: a browser tells it a hundred names at a time.
  const readEntry = async (entry) => {
    const path = entry.fullPath.replace(/^\//, "");
    if (entry.isFile) {
      return [{ file: await new Promise((done, fail) => entry.file(done, fail)), path }];
    }
    const reader = entry.createReader();
    const found = [];
    for (;;) {
      const some = await new Promise((done, fail) => reader.readEntries(done, fail));
      if (some.length === 0) return found;
      for (const one of some) found.push(...(await readEntry(one)));
    }
  };

  const takeDropped = async (form, transfer) => {
    // Both are gone once the event is over.
    const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    const files = listFiles(transfer.files);
    try {
      const found = entries.length > 0 ? await Promise.all(entries.map(readEntry)) : [files];
      take(form, found.flat());
    } catch (error) {
      notice.show(`What was dropped cannot be read: ${error.message}`);
    }
  };

  document.addEventListener("change", (event) => {
    const form = event.target.type === "file" ? findForm(event.target) : null;
    if (!form) return;
    take(form, listFiles(event.target.files));
    event.target.value = "";
  });

  document.addEventListener("submit", (event) => {
    if (findForm(event.target)) event.preventDefault();
  });

  // A file that misses its place is not opened instead of the page.
  for (const name of ["dragover", "drop"]) {
    document.addEventListener(name, (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      const form = document.querySelector("form[data-upload]");
      if (form === null) return;
      document.getElementById("upload").open = true;
      if (name === "drop") takeDropped(form, event.dataTransfer);
    });
  }

  signIn.onChange((isIn) => {
    if (!isIn) waiting.length = 0;
  });

  // Whoever closes the tab ends what is going up in it.
  window.addEventListener("beforeunload", (event) => {
    if (running > 0) event.preventDefault();
  });
})();
