async (script, wasm) => {
  const place = document.querySelector("[data-choice]");
  const form = place.closest("form");
  const module = await import(script);
  await module.default({ module_or_path: wasm });
  const chooser = new module.Chooser(place.dataset.item);
  const { sentences, allergens, energy, none, prefix, suffix, unit } = JSON.parse(place.dataset.words);
  const language = document.documentElement.lang;

  const fill = (text, values) =>
    text.replace(/\{(\w+)\}/g, (_, name) => values[name]?.[language] ?? values[name]);
  const whole = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, "\u202f");
  const money = (minor) => {
    const cents = unit > 1 ? `.${String(minor % unit).padStart(2, "0")}` : "";
    return `${prefix}${whole(Math.floor(minor / unit))}${cents}${suffix}`;
  };
  // As precise as people read it.
  const grams = (amount) => (amount >= 10 ? whole(Math.round(amount)) : String(+amount.toFixed(1)));

  const mark = (group, text) => {
    const key = group.dataset.group;
    let line = group.querySelector(".field__error");
    if (text && !line) {
      line = document.createElement("p");
      line.className = "field__error";
      line.id = `${key}-error`;
      line.append(document.createElement("span"));
      group.append(line);
    }
    if (!text) line?.remove();
    else if (line.textContent !== text) line.querySelector("span").textContent = text;
    const choices = group.querySelector(".choices");
    if (text) choices.setAttribute("aria-invalid", "true");
    else choices.removeAttribute("aria-invalid");
  };

  const update = () => {
    const inputs = form.querySelectorAll("input[name^='choices[']:checked");
    const chosen = [...inputs].map((input) => input.value).filter(Boolean);
    const now = JSON.parse(chooser.choose(chosen));
    for (const group of form.querySelectorAll("[data-group]")) {
      const broken = now.fields.find(({ field }) => field === `options.${group.dataset.group}`);
      mark(group, broken && fill(sentences[broken.code] ?? "", broken));
    }
    if (now.fields.length > 0) return;
    place.querySelector("[data-price]").textContent = money(now.price);
    place.querySelector("[data-energy]").textContent = fill(energy, {
      energy: `${whole(now.energy)}\u00a0kcal`,
      protein: `${grams(now.protein)}\u00a0g`,
    });
    place.querySelector("[data-allergens]").textContent =
      now.allergens.map((key) => allergens[key]).join(", ") || none;
  };

  form.addEventListener("change", update);
  update();
  place.hidden = false;
}
