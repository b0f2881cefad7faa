() => {
  // By the server's clock, however wrong this one is.
  const first = document.querySelector("[data-countdown]");
  const ahead = first ? Date.now() - Number(first.dataset.now) : 0;
  const two = (large, unit, small, smaller) =>
    `${large}\u00a0${unit} ${String(small).padStart(2, "0")}\u00a0${smaller}`;
  const say = (left) => {
    const seconds = Math.floor(left / 1000);
    const minutes = Math.floor(seconds / 60);
    const hours = Math.floor(minutes / 60);
    if (hours >= 24) return two(Math.floor(hours / 24), "d", hours % 24, "h");
    if (hours >= 1) return two(hours, "h", minutes % 60, "min");
    return two(minutes, "min", seconds % 60, "s");
  };
  const tick = () => {
    for (const node of document.querySelectorAll("[data-countdown]")) {
      const left = Number(node.dataset.countdown) - (Date.now() - ahead);
      const { text, past } = node.dataset;
      const said = left > 0 ? text.replace("{duration}", say(left)) : past;
      if (node.textContent !== said) node.textContent = said;
    }
  };
  tick();
  setInterval(tick, 1000);
}
