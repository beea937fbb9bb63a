"use strict";
// Filters and folding. Without this script the page shows every pair, each with its own fold.
const pairs = [...document.querySelectorAll(".pair")];
const filters = [...document.querySelectorAll("#filters select")];
const shown = document.getElementById("shown");
const unfold = document.getElementById("unfold");

function apply() {
  let count = 0;
  for (const pair of pairs) {
    pair.hidden = filters.some((f) => f.value !== "" && pair.dataset[f.name] !== f.value);
    count += pair.hidden ? 0 : 1;
  }
  shown.textContent = `${count} of ${pairs.length} pairs shown`;
}

function foldAll() {
  const open = unfold.getAttribute("aria-pressed") !== "true";
  unfold.setAttribute("aria-pressed", String(open));
  unfold.textContent = open ? "Fold all answers" : "Unfold all answers";
  for (const pair of pairs) pair.querySelector("details").open = open;
}

for (const filter of filters) filter.addEventListener("change", apply);
unfold.addEventListener("click", foldAll);
document.getElementById("filters").hidden = false;
apply();
