// What a round of an action leaves when the sign-in ends: this tab keeps it, and offers it again on
// the page that it was begun on. The server does nothing twice that was done before.
"use strict";

const unfinished = (() => {
  const NAME = "seashore-unfinished";

  // Whether there is something to go on with.
  const keep = () => {
    const form = document.querySelector("#page form.round");
    if (form === null) return false;
    const address = form.getAttribute("hx-post");
    const place = form.getAttribute("hx-target");
    const words = form.closest(place).querySelector("p").textContent.trim();
    const fields = [...new FormData(form)];
    sessionStorage.setItem(NAME, JSON.stringify({ address, place, words, fields }));
    return true;
  };

  const build = (name, attributes, words = "") => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.textContent = words;
    return element;
  };

  const show = () => {
    const kept = JSON.parse(sessionStorage.getItem(NAME) ?? "null");
    const work = kept && document.querySelector(`#page ${kept.place}`);
    if (!work) return;
    sessionStorage.removeItem(NAME);
    const { address, place, words, fields } = kept;
    const form = build("form", { class: "round", "hx-post": address, "hx-target": place });
    for (const [name, value] of fields) form.append(build("input", { type: "hidden", name, value }));
    form.append(build("button", { class: "quiet" }, "Go on"));
    work.replaceChildren(
      build("p", {}, "The sign-in ended before all was done. Nothing is lost: go on here."),
      build("p", { class: "soft" }, words.replace("; going on.", ".")),
      form,
    );
    htmx.process(form);
    work.closest("details")?.setAttribute("open", "");
    work.scrollIntoView();
  };

  const drop = () => sessionStorage.removeItem(NAME);

  return { keep, show, drop };
})();
