async () => {
  const box = document.querySelector("[data-push]");
  const able = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
  if (!box || !able) return;
  const button = box.querySelector("button");
  const status = box.querySelector("[role=status]");
  const { push, denied, failed, working } = box.dataset;
  const bytes = (text) => {
    const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
  };
  const subscribe = async () => {
    if ((await Notification.requestPermission()) !== "granted") {
      status.textContent = denied;
      return;
    }
    status.textContent = working;
    await navigator.serviceWorker.register("/push-worker.js");
    const { pushManager } = await navigator.serviceWorker.ready;
    // It may know another key of ours, which it would hold on to.
    await (await pushManager.getSubscription())?.unsubscribe();
    const subscription = await pushManager.subscribe({
      userVisibleOnly: true,
      applicationServerKey: bytes(push),
    });
    const answer = await fetch("/v1/notifications/browsers", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(subscription),
    });
    if (!answer.ok) throw new Error(String(answer.status));
    location.assign("/account?saved=browser#notifications");
  };
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await subscribe();
    } catch {
      status.textContent = failed;
    }
    button.disabled = false;
  });
  box.hidden = false;
}
