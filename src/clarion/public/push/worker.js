// Shows notifications and opens what they lead to. A site hosts a worker of its own that begins with
//   importScripts("https://…/push/1/worker.js");
// because a service worker must come from the site itself.
//
// A notification is JSON: {v: 1, title, body?, icon?, image?, link?, tag?, sticky?, seen?}. `seen` is the address at
// which we say that it was shown, and that it was clicked.
'use strict';

(() => {
  const report = (seen, what) =>
    seen ? fetch(seen, { method: 'POST', body: what, mode: 'no-cors', keepalive: true, credentials: 'omit' })
      .catch(() => undefined) : Promise.resolve();

  const read = (event) => {
    try {
      const note = event.data.json();
      return note && note.v === 1 && note.title ? note : null;
    } catch {
      return null;
    }
  };

  self.addEventListener('push', (event) => {
    const note = event.data ? read(event) : null;
    if (!note) return;
    event.waitUntil(
      self.registration.showNotification(note.title, {
        body: note.body || '',
        icon: note.icon,
        image: note.image,
        tag: note.tag,
        renotify: Boolean(note.tag),
        requireInteraction: Boolean(note.sticky),
        data: { link: note.link, seen: note.seen },
      }).then(() => report(note.seen, 'shown')),
    );
  });

  self.addEventListener('notificationclick', (event) => {
    const { link, seen } = event.notification.data || {};
    event.notification.close();
    const open = async () => {
      if (!link) return undefined;
      const windows = await self.clients.matchAll({ type: 'window' });
      const there = windows.find((one) => one.url === link);
      return there ? there.focus() : self.clients.openWindow(link);
    };
    event.waitUntil(Promise.all([report(seen, 'clicked'), open()]));
  });
})();
