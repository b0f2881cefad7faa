() => {
  // What is typed on the heels of something else is asked for together with it.
  const CALM = 120;
  const palette = document.querySelector("[data-palette]");
  const field = palette.querySelector("input");
  const list = palette.querySelector("[role=listbox]");
  const status = palette.querySelector("[role=status]");
  let asked;
  let waiting;
  let chosen = -1;

  const options = () => [...list.children];
  const choose = (place) => {
    const all = options();
    chosen = all.length ? (place + all.length) % all.length : -1;
    all.forEach((option, at) => option.setAttribute("aria-selected", String(at === chosen)));
    if (chosen < 0) field.removeAttribute("aria-activedescendant");
    else {
      field.setAttribute("aria-activedescendant", all[chosen].id);
      all[chosen].scrollIntoView({ block: "nearest" });
    }
  };

  const text = (name, content) => {
    const node = document.createElement(name);
    node.textContent = content;
    return node;
  };
  const show = (hits) => {
    list.replaceChildren(
      ...hits.map(({ kind, title, note, href }, at) => {
        const option = document.createElement("li");
        option.id = `palette-hit-${at}`;
        option.setAttribute("role", "option");
        option.dataset.href = href;
        const words = document.createElement("span");
        words.append(text("b", title));
        if (note) words.append(text("small", note));
        const mark = text("span", kind);
        mark.className = "chip";
        mark.dataset.tone = "none";
        option.append(words, mark);
        return option;
      }),
    );
    status.textContent = hits.length ? "" : palette.dataset.none;
    choose(0);
  };

  const ask = async () => {
    asked?.abort();
    const mine = (asked = new AbortController());
    try {
      const answer = await fetch(palette.dataset.palette, {
        method: "POST",
        headers: { accept: "application/json" },
        body: new URLSearchParams({ q: field.value }),
        signal: mine.signal,
      });
      if (!answer.ok) throw new Error(String(answer.status));
      const hits = await answer.json();
      if (mine === asked) show(hits);
    } catch (error) {
      if (error.name === "AbortError" || mine !== asked) return;
      list.replaceChildren();
      choose(-1);
      status.textContent = palette.dataset.lost;
    }
  };

  const open = () => {
    if (palette.open) return;
    palette.showModal();
    field.value = "";
    field.focus();
    ask();
  };
  const go = (option) => {
    if (option) location.assign(option.dataset.href);
  };

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      open();
    }
  });
  for (const link of document.querySelectorAll("[data-palette-open]"))
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      open();
    });
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, CALM);
  });
  field.addEventListener("keydown", (event) => {
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) {
      event.preventDefault();
      choose(chosen + steps[event.key]);
    } else if (event.key === "Enter" && chosen >= 0) {
      event.preventDefault();
      go(options()[chosen]);
    }
  });
  list.addEventListener("click", (event) => go(event.target.closest("[role=option]")));
  // Beside it is outside of it.
  palette.addEventListener("click", (event) => {
    if (event.target === palette) palette.close();
  });
  document.documentElement.dataset.paletteReady = "true";
}
