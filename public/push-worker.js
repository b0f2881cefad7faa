// Shows what is sent to this browser, and opens the order that it tells of.
self.addEventListener("push", (event) => {
  const message = event.data?.json() ?? {};
  const { title = "NutriFlow", body, tag, lang, url = "/orders" } = message;
  const options = { body, tag, lang, icon: "/favicon.svg", data: { url } };
  event.waitUntil(self.registration.showNotification(title, options));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  // Whoever sends could name any address: only this site's are opened.
  const { pathname } = new URL(event.notification.data?.url ?? "/orders", self.location.origin);
  const open = async () => {
    const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
    const here = windows.find((one) => new URL(one.url).pathname === pathname);
    return here ? here.focus() : self.clients.openWindow(pathname);
  };
  event.waitUntil(open());
});
