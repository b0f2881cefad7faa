() => {
  const PERIOD = 2000;
  // Where every event is heard of, the page is asked for besides only for what time alone changes.
  const FOLLOWED = 15000;
  const LONGEST = 30000;
  // What happens on the heels of something else is shown together with what follows it so closely.
  const CALM = 750;
  const control = document.querySelector("[data-live-control]");
  const toggle = control.querySelector("button");
  const reload = control.querySelector("a");
  const status = control.querySelector("[role=status]");
  // The parameter by which the page tells of some orders only, and which of them have changed.
  const only = control.dataset.only ?? "";
  const changed = new Set();
  // More than so many are not asked for one by one.
  const CHANGED_MOST = 40;
  const parts = (root) =>
    new Map([...root.querySelectorAll("[data-live]")].map((part) => [part.dataset.live, part]));

  // What the server last said of each part, whatever the reader has opened in it since.
  const said = new Map();
  for (const [name, part] of parts(document)) said.set(name, part.innerHTML);

  const key = (node) => node.dataset?.key ?? node.id ?? "";
  const alike = (one, other) => one.nodeName === other.nodeName && key(one) === key(other);

  /** Makes a node what another one is, and leaves alone what is so already. */
  const follow = (node, other) => {
    if (node.nodeType !== Node.ELEMENT_NODE) {
      if (node.data !== other.data) node.data = other.data;
      return;
    }
    // Whether something is open is the reader's.
    for (const { name } of [...node.attributes])
      if (name !== "open" && !other.hasAttribute(name)) node.removeAttribute(name);
    for (const { name, value } of other.attributes)
      if (name !== "open" && node.getAttribute(name) !== value) node.setAttribute(name, value);
    const keys = new Set([...other.childNodes].map(key));
    for (const child of [...node.children]) if (!keys.has(key(child))) child.remove();
    let place = node.firstChild;
    for (const child of [...other.childNodes]) {
      const known = key(child)
        ? [...node.children].find((one) => alike(one, child))
        : place && alike(place, child) && place;
      const same = child.dataset?.same !== undefined;
      if (!known) {
        // What is only named should be here and is not: it is asked for by itself.
        if (same) changed.add(key(child));
        else node.insertBefore(document.importNode(child, true), place);
        continue;
      }
      if (known !== place) node.insertBefore(known, place);
      if (!same) follow(known, child);
      place = known.nextSibling;
    }
    while (place) {
      const next = place.nextSibling;
      place.remove();
      place = next;
    }
  };

  const inUse = (part) =>
    part.querySelector("dialog[open]") ||
    (part.contains(document.activeElement) &&
      document.activeElement.matches("input, select, textarea"));

  /**
   * Brings the parts up to date, as far as they are about some orders where any are named; false where the
   * page is no longer for this reader.
   */
  const update = async (some) => {
    const address = new URL(location.href);
    if (some.length > 0) address.searchParams.set(only, some.join("."));
    const answer = await fetch(some.length > 0 ? address : location.href, {
      cache: "no-store",
      headers: { accept: "text/html" },
      signal: AbortSignal.timeout(10000),
    });
    if (answer.redirected || (answer.status >= 400 && answer.status < 500)) return false;
    if (!answer.ok) throw new Error(answer.statusText);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const news = parts(page);
    for (const [name, part] of parts(document)) {
      const other = news.get(name);
      if (!other || inUse(part)) continue;
      const html = other.innerHTML;
      if (html === said.get(name)) continue;
      follow(part, other);
      // A part of it is not what the server would say of all of it.
      if (some.length > 0) said.delete(name);
      else said.set(name, html);
    }
    document.dispatchEvent(new CustomEvent("nutriflow:shown"));
    return true;
  };

  let wanted = true;
  let running = false;
  // Whether something has happened while the page was being asked for.
  let again = false;
  // Whether all of the page is to be asked for, and not only what has changed.
  let whole = false;
  let period = PERIOD;
  let delay = PERIOD;
  // When all of it is asked for next, whatever happens until then.
  let due = 0;
  let since = "";
  // When the page was last asked for because something had happened.
  let hastened = -CALM;
  let timer;

  const show = (reason) => {
    since ||= reason && new Date().toLocaleTimeString(document.documentElement.lang, { timeStyle: "short" });
    if (!reason) since = "";
    const text = reason ? control.dataset[reason].replace("{time}", since) : "";
    if (status.textContent !== text) status.textContent = text;
    control.dataset.state = reason || "on";
    reload.hidden = !reason;
  };

  const turn = async () => {
    clearTimeout(timer);
    if (!wanted || running || document.visibilityState !== "visible") return;
    running = true;
    const some = whole || changed.size > CHANGED_MOST ? [] : [...changed];
    whole = false;
    changed.clear();
    try {
      if (await update(some)) {
        delay = period;
        if (some.length === 0) due = performance.now() + period;
        if (wanted) show("");
      } else {
        wanted = false;
        toggle.hidden = true;
        show("ended");
      }
    } catch {
      delay = Math.min(delay * 2, LONGEST);
      // Nobody knows any more what has been missed.
      whole = true;
      due = performance.now() + delay;
      if (wanted) show("lost");
    }
    running = false;
    if (again || (changed.size > 0 && !whole)) hasten();
    else timer = setTimeout(turn, only ? Math.max(0, due - performance.now()) : delay);
    again = false;
  };

  /** Asks for the page because something has happened: at once, where nothing has for a while. */
  const hasten = () => {
    clearTimeout(timer);
    const wait = only ? 0 : Math.max(0, hastened + CALM - performance.now());
    timer = setTimeout(() => {
      hastened = performance.now();
      turn();
    }, wait);
  };

  const follows = (control.dataset.follows ?? "").split(" ").filter(Boolean);
  const kinds = (control.dataset.kinds ?? "").split(" ").filter(Boolean);
  const { campus } = control.dataset;
  /** Whether what this page shows may be another since an event. */
  const concerns = ({ kind, orderId, itemId, campusId, own }) =>
    follows.length > 0 &&
    (!campus || !campusId || campusId === campus) &&
    (kinds.length === 0 || kind === "CONNECTED" || kind === "RESET" || kinds.includes(kind)) &&
    (kind === "CONNECTED" ||
      kind === "RESET" ||
      follows.includes(kind === "STOCK_LOW" ? "stock" : "orders") ||
      follows.includes(orderId) ||
      follows.includes(itemId) ||
      (own && follows.includes("messages")));
  document.addEventListener("nutriflow:event", ({ detail }) => {
    if (!concerns(detail)) return;
    if (only && detail.orderId) changed.add(detail.orderId);
    else whole = true;
    if (running) again = true;
    else hasten();
  });
  document.addEventListener("nutriflow:follow", ({ detail: open }) => {
    period = open && follows.length > 0 ? FOLLOWED : PERIOD;
    delay = period;
    if (open || running) return;
    clearTimeout(timer);
    timer = setTimeout(turn, delay);
  });

  toggle.hidden = false;
  toggle.addEventListener("click", () => {
    wanted = !wanted;
    toggle.setAttribute("aria-pressed", String(wanted));
    since = "";
    if (wanted) {
      delay = period;
      whole = true;
      show("");
      turn();
    } else {
      show("stopped");
    }
  });
  document.addEventListener("visibilitychange", () => {
    whole = true;
    turn();
  });
  show("");
  timer = setTimeout(turn, delay);
}
