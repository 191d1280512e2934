// Lets visitors of a site subscribe to notifications.
//
//   <script src="https://…/push/1/page.js" data-sender="https://…/push/<sender>" data-key="<public key>"
//           data-worker="/clarion-worker.js" defer></script>
//   <button data-clarion-push hidden>Notify me</button>
//
// The button appears where the browser can do it and the visitor has not subscribed; pressing it asks. A site that
// knows who is signed in adds data-email and data-signature, see the sender's page. `clarionPush.subscribe()` and
// `clarionPush.unsubscribe()` do the same from the site's own code.
'use strict';

(() => {
  const { sender, key, worker = '/clarion-worker.js', email = '', signature = '' } = document.currentScript.dataset;

  const octets = (text) => {
    const plain = atob((text + '='.repeat((4 - (text.length % 4)) % 4)).replaceAll('-', '+').replaceAll('_', '/'));
    return Uint8Array.from(plain, (one) => one.charCodeAt(0));
  };

  const tell = async (path, said) => {
    const answer = await fetch(`${sender}/${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      credentials: 'omit',
      body: JSON.stringify(said),
    });
    if (!answer.ok) throw new Error(`clarion: ${path} was refused (${answer.status})`);
  };

  const about = (subscription) => ({
    subscription: subscription.toJSON(),
    language: navigator.language || '',
    ...(email && signature ? { email, signature } : {}),
  });

  const current = async () => {
    const registration = await navigator.serviceWorker.getRegistration(worker);
    return registration ? registration.pushManager.getSubscription() : null;
  };

  const sameKey = (subscription) => {
    const had = new Uint8Array(subscription.options.applicationServerKey || []);
    const wanted = octets(key);
    return had.length === wanted.length && had.every((one, at) => one === wanted[at]);
  };

  const subscribe = async () => {
    if ((await Notification.requestPermission()) !== 'granted') return false;
    await navigator.serviceWorker.register(worker);
    const registration = await navigator.serviceWorker.ready;
    const had = await registration.pushManager.getSubscription();
    // One of another key pair would be refused by the push service.
    if (had && !sameKey(had)) await had.unsubscribe();
    const made = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: octets(key) });
    await tell('subscribe', about(made));
    return true;
  };

  const unsubscribe = async () => {
    const had = await current();
    if (!had) return false;
    await tell('unsubscribe', { subscription: had.toJSON() });
    return had.unsubscribe();
  };

  const canPush = 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window;

  const begin = async () => {
    const buttons = [...document.querySelectorAll('[data-clarion-push]')];
    const had = await current();
    // Who is signed in may have changed, and the sender may have forgotten the browser.
    if (had && sameKey(had)) await tell('subscribe', about(had)).catch(() => undefined);
    for (const button of buttons) {
      button.hidden = Boolean(had) || Notification.permission === 'denied';
      button.addEventListener('click', async () => {
        button.hidden = await subscribe().catch(() => false);
      });
    }
  };

  window.clarionPush = { canPush, subscribe, unsubscribe, current };
  if (canPush) begin().catch(() => undefined);
})();
