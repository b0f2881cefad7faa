function () {
  const place = document.querySelector("[data-card-key]");
  const form = place?.closest("form");
  const named = form?.elements.namedItem("payment_method");
  const said = form?.querySelector("[data-card-said]");
  if (!place || !form || !named || !said) return;

  const say = (text) => {
    said.textContent = text ?? "";
    said.hidden = !text;
  };
  const away = () => say(said.dataset.cardSaid);
  const chosen = () => {
    const gateway = form.querySelector('[name="gateway"]:checked');
    return !form.querySelector('[name="gateway"]') || gateway?.value === "STRIPE";
  };

  let stripe;
  let card;
  const script = document.createElement("script");
  script.src = "https://js.stripe.com/v3/";
  script.addEventListener("error", away);
  script.addEventListener("load", () => {
    const style = getComputedStyle(place);
    stripe = window.Stripe(place.dataset.cardKey, { locale: document.documentElement.lang });
    card = stripe.elements().create("card", {
      style: { base: { color: style.color, fontSize: style.fontSize } },
    });
    place.hidden = false;
    card.mount(place);
    card.on("change", (event) => {
      // Another card is another name.
      named.value = "";
      say(event.error?.message);
    });
  });
  document.head.append(script);

  form.addEventListener("submit", async (event) => {
    if (!chosen() || named.value) return;
    event.preventDefault();
    if (!card) return away();
    const { submitter } = event;
    if (submitter) submitter.disabled = true;
    try {
      const { paymentMethod, error } = await stripe.createPaymentMethod({ type: "card", card });
      if (error) return say(error.message);
      named.value = paymentMethod.id;
    } catch {
      return away();
    } finally {
      if (submitter) submitter.disabled = false;
    }
    form.requestSubmit(submitter);
  });
}
