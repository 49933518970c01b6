// What an action leaves when the sign-in ends between its rounds: this tab keeps it for an hour, and
// offers it again to who it is of, on the page that it was begun on. The server does nothing twice
// that was done before.
"use strict";

const unfinished = (() => {
  const NAME = "seashore-unfinished";
  const LONGEST_SECONDS = 3600;

  // Whether there is something to go on with.
  const keep = () => {
    const form = document.querySelector("#page form.round");
    if (form === null) return false;
    const address = form.getAttribute("hx-post");
    const target = form.getAttribute("hx-target");
    const words = form.closest(target).querySelector("p").textContent.trim();
    // What the form's answer replaces may be gone from a page that comes anew; this is not.
    const place = `#${form.closest("[aria-live]").id}`;
    const fields = [...new FormData(form)];
    const kept = { address, target, words, place, fields, at: Date.now() };
    signIn.tellWho().then((who) => sessionStorage.setItem(NAME, JSON.stringify({ ...kept, who })));
    return true;
  };

  const build = (name, attributes, words = "") => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.textContent = words;
    return element;
  };

  const drop = () => sessionStorage.removeItem(NAME);

  // Nobody has signed out: whoever has signed in since may be somebody else, and much later.
  const find = async () => {
    if (sessionStorage.getItem(NAME) === null) return null;
    const who = await signIn.tellWho();
    const kept = JSON.parse(sessionStorage.getItem(NAME) ?? "null");
    if (kept?.who === who && Date.now() - kept.at < LONGEST_SECONDS * 1000) return kept;
    drop();
    return null;
  };

  const show = async () => {
    const kept = await find();
    const work = kept && document.querySelector(`#page ${kept.place}`);
    if (!work) return;
    drop();
    const { address, target, words, place, fields } = kept;
    const form = build("form", { class: "round", "hx-post": address, "hx-target": target });
    for (const [name, value] of fields) form.append(build("input", { type: "hidden", name, value }));
    form.append(build("button", { class: "quiet" }, "Go on"));
    const rest = target === place ? work : build("div", { id: target.slice(1) });
    if (rest !== work) work.replaceChildren(rest);
    rest.replaceChildren(
      build("p", {}, "The sign-in ended before all was done. Nothing is lost: go on here."),
      build("p", { class: "soft" }, words.replace(/;.*/s, ".")),
      form,
    );
    htmx.process(form);
    work.closest("details")?.setAttribute("open", "");
    work.scrollIntoView();
  };

  return { keep, show, drop };
})();
