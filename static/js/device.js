// What a device keeps of the work log: entries that wait, days and tasks as last seen, and whose they are.
// Pages of the portal take it along, so that the work log and one's tasks open without a network.
"use strict";
(() => {
  const OWNER = "worklog-owner";
  const FRESH_MS = 15 * 60 * 1000; // the home page is opened often; what is younger is not fetched again

  const opened = new Promise((resolve, reject) => {
    // Whatever another account has left goes first.
    (window.accountReady ?? Promise.resolve()).then(() => {
      const opening = indexedDB.open("worklog", 1);
      opening.onupgradeneeded = () => {
        opening.result.createObjectStore("entries", { keyPath: "id", autoIncrement: true });
        opening.result.createObjectStore("days", { keyPath: "day" });
        opening.result.createObjectStore("facts");
      };
      opening.onsuccess = () => {
        opening.result.onversionchange = () => opening.result.close();
        resolve(opening.result);
      };
      opening.onerror = () => reject(opening.error);
    }, reject);
  });
  async function store(name, work, mode = "readwrite") {
    const database = await opened;
    return new Promise((resolve, reject) => {
      const change = database.transaction(name, mode);
      const asked = work(change.objectStore(name));
      change.oncomplete = () => resolve(asked?.result);
      change.onerror = change.onabort = () => reject(change.error);
    });
  }
  const entries = () => store("entries", (rows) => rows.getAll(), "readonly");
  const fact = (name) => store("facts", (rows) => rows.get(name), "readonly");
  const keep = (name, value) => store("facts", (rows) => rows.put(value, name));
  const seenDays = () => store("days", (rows) => rows.getAll(), "readonly");

  // Take along what will be wanted without a network; the addresses stand at an element of the page.
  async function fetchAll({ api, tasks: asked, worker }) {
    localStorage.setItem(OWNER, document.body.dataset.account);
    if ("serviceWorker" in navigator) await navigator.serviceWorker.register(worker);
    const [days, tasks] = await Promise.all([api, asked].map((address) => fetch(address)));
    if (!days.ok || !tasks.ok) return;
    const { engineer, name, days: seen } = await days.json();
    const now = new Date().toISOString();
    await keep("owner", engineer);
    await keep("name", name);
    await store("days", (rows) => {
      rows.clear();
      for (const each of seen) rows.put(each);
    });
    await keep("seen_at", now);
    await keep("tasks", (await tasks.json()).tasks);
    await keep("tasks_at", now);
  }

  async function takeAlong(addresses) {
    try {
      await fetchAll(addresses);
    } catch (problem) {
      if (!(problem instanceof TypeError)) throw problem; // the network went away: what was seen before stands
    }
  }

  async function onOtherPages(page) {
    const stamp = await fact("seen_at");
    if (!stamp || Date.now() - Date.parse(stamp) > FRESH_MS) await takeAlong(page.dataset);
    page.dataset.ready = "";
  }

  window.device = { entries, fact, seenDays, store, takeAlong };
  const page = document.querySelector("[data-take-along]");
  if (page) onOtherPages(page);
})();
