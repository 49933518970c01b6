// The pages: which one is shown, what goes out with each request, what comes back, and the polls.
"use strict";

(() => {
  const page = document.getElementById("page");
  const FIRST = "today";
  // A page, the ids in it, a query: what the part after # may be.
  const PLACE = /^[a-z-]+(?:\/[A-Za-z0-9._~%-]+)*(?:\?.*)?$/;

  // ---- Which page is shown

  // Dots in it, however they are written, would lead to what is no HTML: a link of a stranger could
  // have the page show a document's words as if they were its own.
  const isPart = (address) => {
    const [asked, parts] = [address, "console/parts/"].map((one) => new URL(one, document.baseURI));
    return asked.href.startsWith(parts.href);
  };

  const readPlace = () => {
    const place = location.hash.slice(1);
    return PLACE.test(place) && isPart(`console/parts/${place}`) ? place : FIRST;
  };

  const findLink = (name) => document.querySelector(`#menu a[data-page="${name}"]`);

  const showMenu = (place) => {
    const name = place.split(/[/?]/)[0];
    for (const link of document.querySelectorAll("#menu a")) {
      if (link.dataset.page === name) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  };

  // Beside what is shown already, another of its pages.
  const turnTo = async (place) => {
    const [path, query] = place.split("?");
    const asked = new URLSearchParams(query);
    const [number, quote] = [asked.get("page"), asked.get("quote")];
    const leaf = page.querySelector("[data-leaf]");
    if (number === null || leaf?.dataset.leaf !== path || shown.split("?")[0] !== path) return false;
    shown = place;
    const told = quote === null ? "" : `?${new URLSearchParams({ quote })}`;
    const address = `console/parts/${path}/pages/${encodeURIComponent(number)}${told}`;
    await htmx.ajax("GET", address, { source: leaf, target: leaf, swap: "innerHTML" });
    if (leaf.getBoundingClientRect().top > window.innerHeight * 0.8) leaf.scrollIntoView();
    notice.tell(leaf.querySelector("strong")?.textContent ?? "");
    return true;
  };

  // Whoever goes back finds a page where they left it: each entry of the history has a name.
  history.scrollRestoration = "manual";
  const heights = new Map();
  let entry = null;

  // What is shown is still that of the entry before.
  const enter = () => {
    if (history.state === null) history.replaceState(crypto.randomUUID(), "");
    heights.set(entry, window.scrollY);
    entry = history.state;
    return heights.get(entry) ?? 0;
  };

  // In place of a page that cannot be had, so that none stands under the address of another.
  const showNothing = (sentence) => {
    const [name] = readPlace().split(/[/?]/);
    const list = findLink(name) ?? findLink(FIRST);
    const [heading, words, ways, again, all] = ["h1", "p", "p", "a", "a"].map((one) =>
      document.createElement(one),
    );
    heading.tabIndex = -1;
    heading.textContent = "This cannot be shown";
    words.setAttribute("role", "alert");
    words.textContent = sentence;
    ways.className = "buttons";
    again.textContent = "Try again";
    again.href = location.hash || `#${FIRST}`;
    again.dataset.again = "";
    all.textContent = list.textContent;
    all.href = list.hash;
    again.className = "button";
    all.className = "button quiet";
    ways.append(again, all);
    page.replaceChildren(heading, words, ways);
  };

  const showLoading = () => {
    const words = document.createElement("p");
    words.className = "empty";
    words.setAttribute("role", "status");
    words.textContent = "Loading…";
    page.replaceChildren(words);
  };

  let shown = "";
  let turns = 0;

  const open = async () => {
    if (!signIn.isIn) return;
    const place = readPlace();
    const turn = ++turns;
    const height = enter();
    notice.hide();
    showMenu(place);
    if (await turnTo(place)) return;
    shown = place;
    page.setAttribute("aria-busy", "true");
    // After signing in there is nothing yet to stand there until the answer comes.
    if (page.firstElementChild === null) showLoading();
    const before = page.firstElementChild;
    await htmx.ajax("GET", `console/parts/${place}`, { source: page, target: page, swap: "innerHTML" });
    if (place !== shown || turn !== turns) return;
    page.removeAttribute("aria-busy");
    // Given up for no other page: it was waited for as long as htmx waits.
    if (page.firstElementChild === before && !isLeaving) {
      showNothing(SILENCE);
    }
    const heading = page.querySelector("h1");
    if (heading === null) return;
    document.title = `${heading.textContent.trim()} · Seashore`;
    if (!page.contains(document.activeElement)) heading.focus({ preventScroll: true });
    window.scrollTo(0, height);
    unfinished.show();
  };

  window.addEventListener("hashchange", open);
  signIn.onChange((isIn) => {
    shown = "";
    if (isIn) open();
  });

  document.getElementById("skip").addEventListener("click", (event) => {
    event.preventDefault();
    (page.hidden ? document.getElementById("sign-in") : page).querySelector("h1")?.focus();
  });

  // A form that says which part of a page is wanted: so that its address can be kept and sent.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const place = form.dataset.place;
    if (place === undefined) return;
    event.preventDefault();
    const given = [...new FormData(form, event.submitter)].filter(([, value]) => value !== "");
    const query = new URLSearchParams(given).toString();
    const wanted = query ? `#${place}?${query}` : `#${place}`;
    if (wanted === location.hash) open();
    else location.hash = wanted;
  });

  // A link to the place that is shown already has it come anew.
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("a[data-again]")) open();
  });

  // What was in flight and has ended is shown whole.
  document.addEventListener("htmx:after:swap", (event) => {
    const { target } = event.detail.ctx;
    if (target?.dataset?.untilFinal === undefined || !target.isConnected || isLeaving) return;
    if (target.querySelector("[data-is-final]")) open();
  });

  // Whoever pressed what an answer takes away stands at the answer, not at the page's beginning.
  let isTakenFrom = null;

  document.addEventListener("htmx:before:swap", (event) => {
    const { target } = event.detail.ctx;
    const holds = target !== page && target?.contains?.(document.activeElement);
    isTakenFrom = holds ? target : null;
  });

  document.addEventListener("htmx:after:swap", () => {
    if (!isTakenFrom?.isConnected || document.activeElement !== document.body) return;
    const place = isTakenFrom.querySelector("[data-newest]") ?? isTakenFrom;
    place.tabIndex = -1;
    place.focus({ preventScroll: place === isTakenFrom });
  });

  // ---- What goes out with each request, and what comes back

  // What is being done is not done once more by a second click, and what was sent and had no answer
  // is sent again under the same key, by which the server knows it.
  const underWay = new WeakSet();
  const unanswered = new WeakMap();

  document.addEventListener("htmx:config:request", (event) => {
    const { request, sourceElement } = event.detail.ctx;
    if (!signIn.isIn || underWay.has(sourceElement)) {
      event.preventDefault();
      return;
    }
    signIn.addTo(request.headers);
    if (request.method === "POST") underWay.add(sourceElement);
  });

  for (const name of ["htmx:after:request", "htmx:finally:request"]) {
    document.addEventListener(name, (event) => underWay.delete(event.detail.ctx.sourceElement));
  }

  // An action whose answer takes the page's place, as that of a deletion does. What the page has
  // asked for by then, or asks meanwhile, finds nothing, and that is to be told to nobody.
  let isLeaving = false;
  const moot = new WeakSet();
  const opening = new Set();

  document.addEventListener("htmx:before:request", (event) => {
    const { ctx } = event.detail;
    if (ctx.sourceElement === page) opening.add(ctx);
    else if (ctx.target === page) {
      isLeaving = true;
      page.removeAttribute("aria-busy");
      for (const asked of opening) moot.add(asked);
    }
  });

  const SILENCE = "The server does not answer. Look at the network, then try again.";
  const NO_ANSWER =
    "The server has not answered, so whether this was done is not known. Look at the network, then " +
    "press again: it is done once all the same.";

  // What is given up for another page is no error, which htmx would write to the browser's log.
  const givenUp = new WeakSet();

  document.addEventListener("htmx:before:request", (event) => {
    const { ctx } = event.detail;
    ctx.fetch = async (...asked) => {
      const began = Date.now();
      try {
        return await fetch(...asked);
      } catch (error) {
        if (error.name !== "AbortError") throw error;
        givenUp.add(ctx);
        // Of what acts none is given up for another page: it was waited for as long as htmx waits.
        const isTimeOver = Date.now() - began >= htmx.config.defaultTimeout;
        if (ctx.request.method === "POST") notice.show(NO_ANSWER);
        else if (ctx.sourceElement !== page && isTimeOver) showCut(SILENCE);
        return new Response(null, { status: 204 });
      }
    };
  });

  document.addEventListener("htmx:before:response", (event) => {
    if (givenUp.has(event.detail.ctx)) event.preventDefault();
  });

  document.addEventListener("htmx:finally:request", (event) => {
    const { ctx } = event.detail;
    opening.delete(ctx);
    if (ctx.sourceElement !== page && ctx.target === page) isLeaving = false;
  });

  // Forms go out as JSON, which no form of another page can send.
  document.addEventListener("htmx:before:request", (event) => {
    const { request, sourceElement } = event.detail.ctx;
    if (!request.body) return;
    const fields = {};
    for (const name of new Set(request.body.keys())) {
      const values = request.body.getAll(name);
      fields[name] = values.length > 1 || name.endsWith("[]") ? values : values[0];
    }
    request.body = JSON.stringify(fields);
    request.headers["Content-Type"] = "application/json";
    const before = unanswered.get(sourceElement);
    const key = before?.body === request.body ? before.key : crypto.randomUUID();
    unanswered.set(sourceElement, { body: request.body, key });
    request.headers["Idempotency-Key"] = key;
  });

  document.addEventListener("htmx:after:request", (event) => {
    const { ctx } = event.detail;
    // Busy with the first press, or throttled: whether that was done is not said.
    const isUnsaid = ctx.response.status >= 500 || [409, 429].includes(ctx.response.status);
    if (!isUnsaid) unanswered.delete(ctx.sourceElement);
    const isHtml = ctx.response.headers.get("Content-Type")?.startsWith("text/html");
    // What was said of an earlier press is over.
    if (isCutOff || ctx.request.method === "POST") notice.hide();
    isCutOff = false;
    const isMoot = moot.has(ctx) || (ctx.request.method === "GET" && !ctx.target?.isConnected);
    if (ctx.response.status < 400 && isHtml && !isMoot) return;
    event.preventDefault();
    if (!isMoot) refuse(ctx.response.status, ctx.text, ctx.sourceElement, ctx.request.method);
  });

  const refuse = (status, body, source, method) => {
    const { code, cause, sentence } = notice.read(status, body, method);
    const isStranger = status === 401 || (status === 403 && code !== "not_an_operator");
    page.removeAttribute("aria-busy");
    // What helps a program is another thing than what helps here.
    if (isStranger) signIn.end(cause);
    else if (source === page) showNothing(sentence);
    else if (status >= 500 && method === "GET") showCut(sentence);
    else notice.show(sentence);
  };

  // What is over with the next answer: nobody has pressed anything whose end it tells.
  let isCutOff = false;

  const showCut = (sentence) => {
    isCutOff = true;
    notice.show(sentence);
  };

  document.addEventListener("htmx:error", (event) => {
    if (event.detail.error?.name === "AbortError") return;
    page.removeAttribute("aria-busy");
    const sentence = "The server cannot be reached. Look at the network, then try again.";
    if (event.detail.ctx?.sourceElement === page) {
      showNothing(sentence);
      return;
    }
    showCut(sentence);
  });

  // ---- Questions before what cannot be undone

  const question = document.getElementById("question");

  document.addEventListener("htmx:confirm", (event) => {
    const { ctx, issueRequest, dropRequest } = event.detail;
    event.preventDefault();
    document.getElementById("question-text").textContent = ctx.confirm;
    question.returnValue = "no";
    question.addEventListener(
      "close",
      () => (question.returnValue === "yes" ? issueRequest() : dropRequest()),
      { once: true },
    );
    question.showModal();
  });

  // ---- Polls: slower while nothing is touched, none while nobody looks

  const SLOWEST_SECONDS = 60;
  const IDLE_SECONDS = 15 * 60;
  const polls = new WeakMap();
  let touchedAt = Date.now();

  const poll = (element) => {
    const first = Number(element.dataset.poll);
    const state = polls.get(element) ?? { seconds: first, due: Date.now() + first * 1000 };
    polls.set(element, state);
    if (Date.now() < state.due) return;
    state.seconds = Math.min(SLOWEST_SECONDS, state.seconds * 1.3);
    state.due = Date.now() + state.seconds * 1000;
    htmx.trigger(element, "poll");
  };

  const hurry = () => {
    for (const element of page.querySelectorAll("[data-poll]")) polls.delete(element);
  };

  const refresh = () => {
    hurry();
    for (const element of page.querySelectorAll("[data-poll]")) htmx.trigger(element, "poll");
  };

  setInterval(() => {
    const isWatched = !document.hidden && signIn.isIn;
    if (!isWatched || Date.now() - touchedAt > IDLE_SECONDS * 1000) return;
    for (const element of page.querySelectorAll("[data-poll]")) poll(element);
  }, 500);

  const touch = () => {
    const wasIdle = Date.now() - touchedAt > IDLE_SECONDS * 1000;
    touchedAt = Date.now();
    if (wasIdle) refresh();
  };

  for (const name of ["keydown", "pointerdown", "scroll"]) {
    document.addEventListener(name, touch, { passive: true });
  }
  document.addEventListener("visibilitychange", () => {
    if (document.hidden || !signIn.isIn) return;
    touchedAt = Date.now();
    refresh();
  });
  // What an answer to an action names in its header HX-Trigger.
  document.addEventListener("seashore:changed", refresh);

  // ---- Times, as people say them

  const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];

  const writeAges = () => {
    for (const element of page.querySelectorAll("time[data-age]")) {
      const seconds = Math.max(0, Math.round((Date.now() - Date.parse(element.dateTime)) / 1000));
      const [size, unit] = UNITS.find(([least]) => seconds >= least) ?? [1, "s"];
      const age = seconds < 5 ? "now" : `${Math.floor(seconds / size)} ${unit} ago`;
      if (element.textContent !== age) element.textContent = age;
    }
  };

  setInterval(() => document.hidden || writeAges(), 5000);
  document.addEventListener("htmx:after:swap", writeAges);

  signIn.start();
})();
