// The queue of reviews: nothing typed is lost on the way to the next one, and all of it works by keyboard. Digits work
// while a criterion has the focus, letters only together with Alt.
"use strict";

const rating = document.getElementById("rating");
let isChanged = false;
let isSending = false;
let leavingTo = null;

if (rating) {
  for (const name of ["input", "change"]) rating.addEventListener(name, () => (isChanged = true));
  // What its buttons send is sent whole.
  rating.addEventListener("submit", () => (isChanged = false));
  rating.addEventListener("htmx:beforeSend", () => {
    isChanged = false;
    isSending = true;
  });
  rating.addEventListener("htmx:afterRequest", ({ detail }) => {
    isSending = false;
    if (!detail.successful) {
      // What was refused stays in sight, and so does its reason.
      isChanged = true;
      leavingTo = null;
    } else if (leavingTo && !isChanged) {
      window.location.assign(leavingTo);
    }
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    const opensElsewhere = event.ctrlKey || event.metaKey || event.shiftKey || link?.target === "_blank";
    if (!link || opensElsewhere || !(isChanged || isSending)) return;
    event.preventDefault();
    leavingTo = link.href;
    if (isChanged) htmx.trigger(rating, "keep");
  });
  window.addEventListener("beforeunload", (event) => {
    if (isChanged) event.preventDefault();
  });
}

function go(relation) {
  const link = document.querySelector(`a[rel=${relation}]`);
  if (link) link.click();
}

function focusCriterion(step) {
  const all = [...document.querySelectorAll("[data-criterion]")];
  const at = all.findIndex((each) => each.contains(document.activeElement));
  const next = all[Math.min(all.length - 1, Math.max(0, at + step))];
  next?.querySelector("input:checked, input")?.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.altKey && !event.ctrlKey && !event.metaKey) {
    const action = {
      KeyN: () => go("next"),
      KeyP: () => go("prev"),
      KeyJ: () => focusCriterion(1),
      KeyK: () => focusCriterion(-1),
    }[event.code];
    if (action) {
      event.preventDefault();
      action();
    }
    return;
  }
  const criterion = document.activeElement?.closest("[data-criterion]");
  if (criterion && /^[1-5]$/.test(event.key)) {
    criterion.querySelector(`input[value="${event.key}"]`)?.click();
    event.preventDefault();
  }
});
