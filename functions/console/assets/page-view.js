// The picture of a page, with the quoted words marked, from the function that draws it. While it
// comes the text of the page is there to read, and it stays where there is no picture.
"use strict";

(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const MATCHES = {
    exact: "The quote stands there word for word.",
    near: "The words stand there nearly like this: what is marked is the nearest.",
    none: "These words do not stand on it.",
  };

  const make = (name, attributes) => {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };

  const draw = (view) => {
    const { width, height, marks, unit, page, picture_url: href } = view;
    const words = marks.length > 0 ? ", with the quoted words marked" : "";
    const picture = make("svg", {
      viewBox: `0 0 ${width} ${height}`,
      class: "picture",
      role: "img",
      "aria-label": `Picture of ${unit} ${page}${words}`,
    });
    picture.append(make("image", { href, width, height }));
    for (const mark of marks) {
      picture.append(
        make("rect", {
          x: mark.left * width,
          y: mark.top * height,
          width: mark.width * width,
          height: mark.height * height,
          class: view.match === "exact" ? "mark" : "mark near",
        }),
      );
    }
    return picture;
  };

  const write = (pieces) => {
    const text = document.createElement("pre");
    text.className = "text";
    text.tabIndex = 0;
    text.setAttribute("role", "region");
    text.setAttribute("aria-label", "Text with the quote marked");
    for (const { text: piece, is_quote: isQuote } of pieces) {
      const part = isQuote ? document.createElement("mark") : document.createElement("span");
      part.textContent = piece;
      text.append(part);
    }
    return text;
  };

  const say = (sentence) => {
    const line = document.createElement("p");
    line.className = "soft";
    line.textContent = sentence;
    return line;
  };

  const show = async (place) => {
    const { view: address, unit } = place.dataset;
    const hasQuote = address.includes("?quote=");
    // Of a sheet or a mail there is no picture: its text is on the page already.
    if (unit !== "page" && !hasQuote) return;
    const headers = {};
    signIn.addTo(headers);
    let shown;
    try {
      const signal = AbortSignal.timeout(htmx.config.defaultTimeout);
      const answer = await fetch(address, { headers, signal }).catch(() => {
        throw new Error("the server cannot be reached. Look at the network, then open it again.");
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(notice.read(answer.status, text).sentence);
      shown = JSON.parse(text);
    } catch (error) {
      shown = { why_no_picture: error.message, marks: [], text: null, match: null };
    }
    if (!place.isConnected) return;
    const parts = [];
    if (shown.match !== null) parts.push(say(MATCHES[shown.match] ?? ""));
    if (shown.picture_url) parts.push(draw(shown));
    else if (unit === "page") parts.push(say(`There is no picture: ${shown.why_no_picture}`));
    const text = place.parentElement.querySelector(".leaf-text");
    if (hasQuote && !shown.picture_url && shown.text) {
      parts.push(write(shown.text));
      text?.remove();
    } else if (!shown.picture_url && text) text.open = true;
    place.replaceChildren(...parts);
    place.querySelector("mark")?.scrollIntoView({ block: "nearest" });
  };

  document.addEventListener("htmx:after:swap", () => {
    for (const place of document.querySelectorAll("[data-view]:not([data-asked])")) {
      place.dataset.asked = "";
      show(place);
    }
  });
})();
