// What is left when the sign-in ends: of an action between its rounds, or what was typed and not yet
// taken. This tab keeps it for an hour, and offers it again to who it is of, on the page that it was
// begun on. The server does nothing twice that was done before.
"use strict";

const unfinished = (() => {
  const NAME = "seashore-unfinished";
  const LONGEST_SECONDS = 3600;

  const TYPED = "textarea[id], input[id]:not([type]), input[id][type=text], input[id][type=search]";

  // What there is to go on with, in a sentence; empty if there is nothing.
  const keep = () => {
    const form = document.querySelector("#page form.round");
    const kept = form === null ? readTyped() : readRound(form);
    if (kept === null) return "";
    signIn.tellWho().then((who) => sessionStorage.setItem(NAME, JSON.stringify({ ...kept, who })));
    return form === null
      ? "What you have typed waits on its page."
      : "What is left of the action waits on its page; nothing is lost.";
  };

  const readTyped = () => {
    const fields = [...document.querySelectorAll(`#page :is(${TYPED})`)];
    const typed = fields.filter((field) => field.value !== field.defaultValue);
    const values = typed.map((field) => [field.id, field.value]);
    return values.length === 0 ? null : { values, hash: location.hash, at: Date.now() };
  };

  const readRound = (form) => {
    const address = form.getAttribute("hx-post");
    const target = form.getAttribute("hx-target");
    const words = form.closest(target).querySelector("p").textContent.trim();
    // What the form's answer replaces may be gone from a page that comes anew; this is not.
    const place = `#${form.closest("[aria-live]").id}`;
    const fields = [...new FormData(form)];
    return { address, target, words, place, fields, at: Date.now() };
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

  const fillIn = ({ values, hash }) => {
    const found = values.map(([id, value]) => [document.getElementById(id), value]);
    if (hash !== location.hash || found.some(([field]) => field === null)) return;
    drop();
    for (const [field, value] of found) field.value = value;
    notice.tell("What you had typed is there again.");
  };

  const show = async () => {
    const kept = await find();
    if (kept?.values) {
      fillIn(kept);
      return;
    }
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
