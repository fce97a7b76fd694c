// Keyboard in the queue of reviews. Digits work while a criterion has the focus, letters only together with Alt.
"use strict";

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
