// What pages need beyond htmx. Everything here is an extra: each form works without it.
"use strict";

// A click is asked about once more where the button or the form says so.
document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});

// A second click on the same button must not send a second request.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.matches("[data-repeatable]")) return;
  setTimeout(() => {
    for (const button of event.target.querySelectorAll("button:not([type=button])")) button.disabled = true;
  });
});
window.addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("form button:disabled")) button.disabled = false;
  for (const form of document.querySelectorAll("form[data-leaving]")) delete form.dataset.leaving;
});

// A form that keeps itself must not be kept once more while it is being sent: the second would come too late.
document.addEventListener("submit", (event) => {
  if (!event.defaultPrevented && event.target.matches("form[hx-post]")) event.target.dataset.leaving = "yes";
});
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt.matches("form[data-leaving]")) event.preventDefault();
});

// Only what belongs to the choice made is shown and sent; without this script all is shown, and the rest is not read.
function showChosen(select) {
  for (const part of select.closest("form").querySelectorAll("[data-for-choice]")) {
    part.hidden = part.disabled = !part.dataset.forChoice.split(" ").includes(select.value);
  }
}
for (const select of document.querySelectorAll("select[data-chooses]")) showChosen(select);
document.addEventListener("change", (event) => {
  if (event.target.matches("select[data-chooses]")) showChosen(event.target);
});

// A device in another zone offers its own.
for (const zone of document.querySelectorAll("[data-zone-minutes]")) {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const form = zone.querySelector("form");
  if (!own || -new Date().getTimezoneOffset() === Number(zone.dataset.zoneMinutes)) continue;
  form.querySelector("button").value = own;
  form.querySelector("span").textContent = own;
  form.hidden = false;
}

// Paper is light, and nothing on it can be unfolded.
let printing = null;
window.addEventListener("beforeprint", () => {
  const root = document.documentElement;
  printing = { look: root.dataset.bsTheme, folded: [...document.querySelectorAll(".chart details:not([open])")] };
  root.dataset.bsTheme = "light";
  for (const each of printing.folded) each.open = true;
});
window.addEventListener("afterprint", () => {
  if (!printing) return;
  document.documentElement.dataset.bsTheme = printing.look;
  for (const each of printing.folded) each.open = false;
  printing = null;
});

// htmx swaps nothing on an error by default; a conflict carries a page part that people must see.
document.addEventListener("htmx:beforeSwap", (event) => {
  if ([409, 422].includes(event.detail.xhr.status)) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});

// The key / leads to the search box, unless somebody is writing.
document.addEventListener("keydown", (event) => {
  const finder = document.getElementById("finder");
  const writes = event.target.isContentEditable || event.target.closest?.("input, select, textarea");
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || writes || !finder) return;
  event.preventDefault();
  finder.focus();
  finder.select();
});
