() => {
  const page = document.querySelector("[data-kitchen]");
  const said = page.querySelector("[data-said]");
  const live = document.querySelector("[data-live-control]");
  const { campus } = live.dataset;
  const say = (text) => {
    if (said.textContent !== text) said.textContent = text;
  };

  // What was pressed last, so that whoever uses the keyboard goes on with the same order.
  let pressed = "";
  page.addEventListener("submit", async (event) => {
    const button = event.submitter;
    // While the page does not follow along, the browser sends it as it always does.
    if (button?.name !== "advance" || live.dataset.state !== "on") return;
    event.preventDefault();
    // With gloves a button is easily pressed twice.
    if (button.ariaBusy === "true") return;
    button.ariaBusy = "true";
    const [order, advance] = button.value.split(":");
    const number = button.closest("[data-key]").querySelector(".kitchen-card__number").textContent;
    say("");
    try {
      const answer = await fetch(`/v1/orders/${order}/advance`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ advance }),
        signal: AbortSignal.timeout(10000),
      });
      // Somebody else was faster: it is shown what they did.
      if (answer.status === 409) say(page.dataset.faster.replace("{number}", number));
      else if (answer.status === 401 || answer.status === 403) location.reload();
      else if (!answer.ok) throw new Error(answer.statusText);
      pressed = order;
      const detail = { kind: "ORDER_STEP", orderId: order };
      document.dispatchEvent(new CustomEvent("nutriflow:event", { detail }));
    } catch {
      say(page.dataset.failed.replace("{number}", number));
      button.ariaBusy = null;
    }
  });
  document.addEventListener("nutriflow:shown", () => {
    if (!pressed) return;
    const card = page.querySelector(`[data-key="${CSS.escape(pressed)}"]`);
    if (document.activeElement === document.body) card?.querySelector("button, a.btn")?.focus({ preventScroll: true });
    pressed = "";
  });

  const KEY = "kitchen-sound";
  const sound = page.querySelector("[data-sound]");
  // A browser may keep nothing for this site.
  const kept = () => {
    try {
      return localStorage.getItem(KEY) === "on";
    } catch {
      return false;
    }
  };
  const keep = (on) => {
    try {
      localStorage.setItem(KEY, on ? "on" : "off");
    } catch {
      // Then it is as it is until the page is left.
    }
  };
  let on = kept();
  let audio;
  // A page may be heard only once somebody has touched it.
  const wake = () => {
    if (!on) return;
    audio ??= new AudioContext();
    if (audio.state === "suspended") audio.resume();
  };
  const beep = () => {
    if (!on || !audio) return;
    for (const [place, pitch] of [880, 1175].entries()) {
      const at = audio.currentTime + place * 0.18;
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0.0001, at);
      volume.gain.exponentialRampToValueAtTime(0.3, at + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.16);
      tone.connect(volume).connect(audio.destination);
      tone.start(at);
      tone.stop(at + 0.17);
    }
    sound.dataset.heard = String(Number(sound.dataset.heard ?? 0) + 1);
  };
  const show = () => sound.setAttribute("aria-pressed", String(on));
  sound.hidden = false;
  show();
  sound.addEventListener("click", () => {
    on = !on;
    keep(on);
    show();
    wake();
    beep();
  });
  document.addEventListener("pointerdown", wake);
  document.addEventListener("keydown", wake);
  document.addEventListener("nutriflow:event", ({ detail }) => {
    const isNew = detail.kind === "ORDER_STEP" && detail.step === "COMPLETE" && detail.direction === "DO";
    if (isNew && detail.campusId === campus) beep();
  });
}
