// One device, several people: what the work log keeps in the browser belongs to one account. It goes when that account
// logs out, and when another one comes.
"use strict";
(() => {
  const OWNER = "worklog-owner";
  const { account, unsent, forgotten } = document.body.dataset;

  function countUnsent() {
    return new Promise((resolve, reject) => {
      const opening = indexedDB.open("worklog");
      opening.onerror = () => reject(opening.error);
      opening.onsuccess = () => {
        const database = opening.result;
        if (!database.objectStoreNames.contains("entries")) {
          database.close();
          resolve(0);
          return;
        }
        const counting = database.transaction("entries").objectStore("entries").count();
        counting.onerror = () => reject(counting.error);
        counting.onsuccess = () => {
          database.close();
          resolve(counting.result);
        };
      };
    });
  }

  async function forget() {
    localStorage.removeItem(OWNER);
    await new Promise((resolve, reject) => {
      const deleting = indexedDB.deleteDatabase("worklog");
      deleting.onsuccess = resolve;
      deleting.onerror = () => reject(deleting.error);
    });
    if ("caches" in window) {
      for (const name of await caches.keys()) if (name.startsWith("worklog-")) await caches.delete(name);
    }
    if ("serviceWorker" in navigator) {
      for (const registration of await navigator.serviceWorker.getRegistrations()) await registration.unregister();
    }
  }

  async function forgetTheOther() {
    const lost = await countUnsent();
    await forget();
    if (!lost) return;
    const notice = document.createElement("div");
    notice.className = "alert alert-warning";
    notice.setAttribute("role", "status");
    notice.textContent = `${forgotten} ${lost}`;
    document.querySelector("#main > div").prepend(notice);
  }

  const owner = localStorage.getItem(OWNER);
  const isAnothers = account && owner && owner !== account;
  window.accountReady = isAnothers ? forgetTheOther() : Promise.resolve();

  async function logOut(form) {
    if ((await countUnsent()) && !window.confirm(unsent)) return;
    await forget();
    form.submit();
  }

  // Before the other listeners, which must see that nothing is sent yet.
  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target;
      if (!localStorage.getItem(OWNER) || new URL(form.action).pathname !== "/accounts/logout/") return;
      event.preventDefault();
      logOut(form);
    },
    true,
  );
})();
