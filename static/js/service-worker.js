// Keeps the page of the work log and what it is made of, nothing else: no figures, no names, no answers of the portal.
"use strict";
const { cache: CACHE, shell: SHELL, files: FILES } = self.KEPT;

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES)));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) {
        if (name.startsWith("worklog-") && name !== CACHE) await caches.delete(name);
      }
      await self.clients.claim();
    })(),
  );
});

async function kept(path, failure) {
  const found = await caches.match(path, { cacheName: CACHE, ignoreVary: true });
  if (!found) throw failure;
  return found;
}

// The network always goes first: what is kept only stands in for it.
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (request.mode === "navigate") {
    if (pathname !== "/" && !pathname.startsWith("/worklog/")) return;
    event.respondWith(fetch(request).catch((failure) => kept(SHELL, failure)));
  } else if (FILES.includes(pathname)) {
    event.respondWith(fetch(request).catch((failure) => kept(pathname, failure)));
  }
});
