// The weights of a scheme are added up while they are typed; on a submit the server does the same.
const WHOLE = 10_000; // hundredths

function hundredthsOf(card) {
  let sum = 0;
  for (const input of card.querySelectorAll("input[data-counts]")) {
    const onTop = input.closest("tr")?.querySelector("input[data-on-top]");
    if (!onTop?.checked) sum += Math.round(Number(input.value || 0) * 100) || 0;
  }
  return sum;
}

function written(hundredths) {
  return String(hundredths / 100);
}

function draw(form) {
  const bar = form.querySelector("[data-weight-bar]");
  const sums = [...form.querySelectorAll("[data-dimension]")].map(hundredthsOf);
  const total = sums.reduce((sum, own) => sum + own, 0);
  const svg = bar.querySelector("svg");
  svg.setAttribute("viewBox", `0 0 ${Math.max(WHOLE, total) / 100} 10`);
  let begins = 0;
  bar.querySelectorAll(".weight-part").forEach((part, at) => {
    part.setAttribute("x", written(begins));
    part.setAttribute("width", written(Math.max(0, sums[at])));
    begins += sums[at];
  });
  bar.querySelectorAll("[data-part-total]").forEach((output, at) => { output.textContent = written(sums[at]); });
  form.querySelectorAll("[data-dimension-total]").forEach((output, at) => { output.textContent = written(sums[at]); });
  const number = bar.querySelector("[data-weight-total]");
  const words = bar.querySelector("[data-weight-words]");
  number.textContent = written(total);
  if (total === WHOLE) words.textContent = bar.dataset.full;
  else words.textContent = (total < WHOLE ? bar.dataset.missing : bar.dataset.over).replace("{weight}", written(Math.abs(WHOLE - total)));
  for (const part of [number, words]) {
    part.classList.toggle("is-full", total === WHOLE);
    part.classList.toggle("is-off", total !== WHOLE);
  }
}

for (const form of document.querySelectorAll("form[data-weights]")) {
  form.addEventListener("input", () => draw(form));
}
