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
    const answer = await fetch(address, { method: "POST", headers, body });
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
        request.status < 300 ? resolve() : reject(new Error(`The bucket refused it (${request.status}).`)),
      );
      request.addEventListener("error", () => reject(new Error("The bucket cannot be reached.")));
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

  const take = (form, files) => {
    const folder = form.elements.folder.value.trim().replace(/^\/+|\/+$/g, "");
    for (const file of files) {
      const key = folder ? `${folder}/${file.name}` : file.name;
      waiting.push({ form, file, key, line: writeLine(form, key) });
      next();
    }
  };

  document.addEventListener("change", (event) => {
    const form = event.target.type === "file" ? findForm(event.target) : null;
    if (!form) return;
    take(form, [...event.target.files]);
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
      if (name === "drop") take(form, [...event.dataTransfer.files]);
    });
  }
})();
