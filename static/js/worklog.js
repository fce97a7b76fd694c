// The work log in the browser: what is written is kept on the device first, then sent, in order, each once.
// The same script serves the page of the portal and the one that is kept for when there is no network.
"use strict";
(() => {
  const CONTENT = ["work", "problems", "wrench_minutes", "travel_minutes", "other_minutes", "tickets"];
  const kept = document.getElementById("kept");
  const form = document.getElementById("day-form");
  const isOffline = "offline" in document.body.dataset; // the kept page, whatever the network is by now
  const at = (id) => document.getElementById(id);
  const words = (name) => kept.querySelector(`[data-text=${name}]`).content.textContent.trim();
  let day = at("worklog").dataset.day;

  const { entries, fact, seenDays, store, takeAlong } = window.device;

  function newKey() {
    if (crypto.randomUUID) return crypto.randomUUID();
    const bytes = crypto.getRandomValues(new Uint8Array(16)); // without https there is no randomUUID
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const text = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return text.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }

  // --- Sending. ---
  function post(entry, owner) {
    const sent = { key: entry.key, day: entry.day, base: entry.base, device_at: entry.device_at, engineer: owner };
    for (const name of CONTENT) sent[name] = entry[name];
    const token = document.cookie.match(/(?:^|; )csrftoken=([^;]*)/)?.[1] ?? "";
    return fetch(kept.dataset.api, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": token },
      body: JSON.stringify(sent),
    });
  }

  // Returns how it went on the whole and which days arrived.
  async function sendAll() {
    const owner = await fact("owner");
    const arrived = [];
    const stuck = new Set();
    for (const { id } of await entries()) {
      const entry = await store("entries", (rows) => rows.get(id), "readonly"); // its base may have moved meanwhile
      if (!entry) continue;
      if (entry.problem || stuck.has(entry.day)) {
        stuck.add(entry.day);
        continue;
      }
      if (!navigator.onLine) return { state: "offline", arrived };
      entry.tried = true; // from now on nobody knows whether it has arrived, until there is an answer
      await store("entries", (rows) => rows.put(entry));
      let answer;
      try {
        answer = await post(entry, owner);
      } catch {
        return { state: "offline", arrived };
      }
      if (answer.ok) {
        const { day: stored } = await answer.json();
        await delivered(entry, stored);
        arrived.push(entry.day);
        continue;
      }
      entry.tried = false;
      if ([401, 403].includes(answer.status)) {
        await store("entries", (rows) => rows.put(entry));
        return { state: "login", arrived };
      }
      if (answer.status >= 500 || answer.status === 429) {
        await store("entries", (rows) => rows.put(entry));
        return { state: "later", arrived };
      }
      const isJson = answer.headers.get("Content-Type")?.includes("json");
      const refusal = isJson ? await answer.json() : { detail: `HTTP ${answer.status}` };
      entry.problem = refusal.code === "conflict" ? words("conflict") : reasons(refusal);
      entry.stored = refusal.code === "conflict" ? refusal.day : null;
      stuck.add(entry.day);
      await store("entries", (rows) => rows.put(entry));
    }
    return { state: stuck.size ? "problem" : "", arrived };
  }

  async function delivered(entry, stored) {
    await store("days", (rows) => rows.put(stored));
    const later = (await entries()).filter((each) => each.id > entry.id && each.day === entry.day && !each.problem);
    await store("entries", (rows) => {
      rows.delete(entry.id);
      for (const each of later) rows.put({ ...each, base: stored.version }); // written on top of this one
    });
  }

  function reasons(refusal) {
    return refusal.detail ?? Object.values(refusal).flat().join(" ");
  }

  let sending = Promise.resolve();
  function send() {
    const locked = navigator.locks ? () => navigator.locks.request("worklog-send", sendAll) : sendAll;
    sending = sending.then(locked).then(shown);
    return sending;
  }

  async function shown({ state, arrived }) {
    // The page of the portal knows best what became of a day.
    if (arrived.length && (isOffline || arrived.includes(day)) && !state) {
      location.replace(`${kept.dataset.worklog}${day}/`);
      return;
    }
    await showKept(state);
  }

  // --- Showing. ---
  async function showKept(state) {
    const waiting = await entries();
    kept.hidden = !waiting.length && !isOffline;
    const status = at("kept-status");
    const said = state || (isOffline ? "offline" : "waiting");
    status.replaceChildren(kept.querySelector(`[data-text=${said}]`).content.cloneNode(true));
    at("kept-list").replaceChildren(...waiting.map(entryRow));
    for (const cell of document.querySelectorAll("[data-cell]")) {
      cell.classList.toggle("is-kept", waiting.some((each) => each.day === cell.dataset.cell));
    }
  }

  function entryRow(entry) {
    const row = at("kept-entry").content.cloneNode(true);
    const part = (name) => row.querySelector(name);
    part(".kept-day").textContent = entry.day;
    part(".kept-day").href = `${kept.dataset.worklog}${entry.day}/`;
    part(".kept-work").textContent = entry.work.slice(0, 80);
    if (entry.problem) {
      part(".problem").textContent = entry.problem;
      part(".problem").hidden = false;
      part(".kept-drop").hidden = false;
      part(".kept-drop").addEventListener("click", () => drop(entry));
    }
    if (entry.stored) {
      part(".stored").hidden = false;
      part(".stored-text").textContent = entry.stored.logs.map(asText).join("\n") || "–";
      part(".kept-send").hidden = false;
      part(".kept-send").addEventListener("click", () => replace(entry));
    }
    return row;
  }

  function asText(log) {
    const minutes = [log.wrench_minutes, log.travel_minutes, log.other_minutes].join(" / ");
    return [log.work, log.problems, minutes, log.tickets].filter(Boolean).join("\n");
  }

  async function drop(entry) {
    if (!window.confirm(words("drop"))) return;
    await store("entries", (rows) => rows.delete(entry.id));
    if (entry.day === day) location.reload();
    else await showKept("");
  }

  async function replace(entry) {
    const agreed = { ...entry, base: entry.stored.version, problem: "", stored: null };
    await store("entries", (rows) => rows.put(agreed));
    await send();
  }

  // --- Writing. ---
  function input(name) {
    return form.elements.namedItem(name);
  }

  function fillIn(values) {
    for (const name of CONTENT) input(name).value = values[name] ?? "";
  }

  async function save(event) {
    event.preventDefault();
    const minutes = CONTENT.filter((name) => name.endsWith("_minutes"));
    const total = minutes.reduce((sum, name) => sum + Number(input(name).value || 0), 0);
    input("other_minutes").setCustomValidity(total > 1440 ? words("tooMany") : "");
    if (!form.reportValidity()) return;
    const entry = { key: newKey(), day, base: input("base").value, device_at: new Date().toISOString(), tried: false };
    for (const name of CONTENT) entry[name] = name.endsWith("_minutes") ? Number(input(name).value || 0) : input(name).value;
    // What may have arrived is sent again as it was, and this one after it; what has not is replaced.
    const unsent = (await entries()).filter((each) => each.day === day && !each.tried).pop();
    if (unsent) {
      entry.id = unsent.id;
      entry.base = unsent.stored ? unsent.stored.version : unsent.base;
    }
    await store("entries", (rows) => rows.put(entry));
    await send();
    at("kept-status").scrollIntoView({ block: "nearest" });
  }

  // --- The kept page: everything from what was last seen. ---
  function local(date) {
    const two = (number) => String(number).padStart(2, "0");
    return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  }

  function next(text, days) {
    const [year, month, number] = text.split("-").map(Number);
    return new Date(Date.UTC(year, month - 1, number + days)).toISOString().slice(0, 10);
  }

  function when(stamp) {
    return new Date(stamp).toLocaleString(document.documentElement.lang, { dateStyle: "short", timeStyle: "short" });
  }

  async function showOffline() {
    const today = local(new Date());
    day = location.pathname.match(/(\d{4}-\d{2}-\d{2})/)?.[1] ?? today;
    const owner = await fact("owner");
    if (!owner) {
      at("nobody").hidden = false;
      kept.hidden = true;
      return false;
    }
    at("owner").textContent = await fact("name");
    const [year, month, number] = day.split("-").map(Number);
    const weekday = new Date(year, month - 1, number).toLocaleDateString(document.documentElement.lang, { weekday: "long" });
    at("day-title").textContent = `${day} ${weekday}`;
    at("day-before").href = `${kept.dataset.worklog}${next(day, -1)}/`;
    at("day-after").href = `${kept.dataset.worklog}${next(day, 1)}/`;
    at("day-after").classList.toggle("disabled", day >= today);
    const days = await seenDays();
    showDay(days.find((each) => each.day === day), today);
    showSeen(days.filter((each) => each.day <= today), await fact("seen_at"));
    showTasks(await fact("tasks"), await fact("tasks_at"));
    return true;
  }

  function showDay(seen, today) {
    const mayWrite = day <= today && (!seen || seen.may_write || seen.state === "ahead");
    form.hidden = !mayWrite;
    at("day-state").textContent = seen ? [seen.label, seen.leave].filter(Boolean).join(" · ") : "";
    if (!seen) return;
    input("base").value = seen.version;
    if (mayWrite && seen.logs.length) fillIn(seen.logs[0]);
    if (mayWrite || !seen.logs.length) return;
    at("day-written").hidden = false;
    at("written").textContent = seen.logs.map(asText).join("\n");
  }

  function showSeen(days, stamp) {
    if (!days.length) return;
    at("days-seen").hidden = false;
    at("seen-at").textContent = when(stamp);
    const cells = days.slice(-28).map((each, index) => {
      const cell = document.createElement("a");
      cell.className = `cell state-${each.state}`;
      cell.href = `${kept.dataset.worklog}${each.day}/`;
      cell.dataset.cell = each.day;
      if (!index) cell.style.gridColumnStart = String(((new Date(each.day).getUTCDay() + 6) % 7) + 1); // Monday first
      cell.setAttribute("aria-label", `${each.day} ${each.label}`);
      if (each.day === day) cell.setAttribute("aria-current", "date");
      for (const text of [each.day.slice(8), each.sign]) {
        const part = document.createElement("span");
        part.textContent = text;
        cell.append(part);
      }
      return cell;
    });
    at("seen-days").replaceChildren(...cells);
  }

  function showTasks(tasks, stamp) {
    if (!tasks) return;
    at("tasks").hidden = false;
    at("tasks-at").textContent = when(stamp);
    at("no-tasks").hidden = tasks.length > 0;
    const rows = tasks.map((task) => {
      const row = document.createElement("li");
      const link = document.createElement("a");
      link.href = task.path;
      link.textContent = task.label;
      row.append(link);
      return row;
    });
    at("task-list").replaceChildren(...rows);
  }

  async function start() {
    if (isOffline && !(await showOffline())) return;
    const unsent = (await entries()).filter((each) => each.day === day).pop();
    if (form) {
      if (unsent) fillIn(unsent);
      form.addEventListener("submit", save);
    }
    if (!isOffline) await takeAlong(kept.dataset);
    await send();
    window.addEventListener("online", send);
    kept.dataset.ready = "";
  }
  start();
})();
