// Runs before the page is drawn: who has chosen no look gets that of the device, and its changes.
"use strict";
{
  const root = document.documentElement;
  if (root.dataset.theme === "auto") {
    const dark = window.matchMedia("(prefers-color-scheme: dark)");
    const follow = () => root.setAttribute("data-bs-theme", dark.matches ? "dark" : "light");
    dark.addEventListener("change", follow);
    follow();
  }
}
