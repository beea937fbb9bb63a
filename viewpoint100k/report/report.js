"use strict";
// Filters and folding. Without this script the page shows every pair, each question with its own fold.
const pairs = [...document.querySelectorAll(".pair")];
const questions = [...document.querySelectorAll(".asked")];
const filters = [...document.querySelectorAll("#filters select")];
const shown = document.getElementById("shown");
const unfold = document.getElementById("unfold");

// What a filter looks at stands on the question, on the form of its pair, or on the pair.
function fits(question, filter) {
  const holder = question.closest(`[data-${filter.name}]`);
  return filter.value === "" || holder.dataset[filter.name] === filter.value;
}

function apply() {
  let count = 0;
  for (const question of questions) {
    question.hidden = !filters.every((filter) => fits(question, filter));
    count += question.hidden ? 0 : 1;
  }
  for (const holder of document.querySelectorAll(".form, .pair")) {
    holder.hidden = !holder.querySelector(".asked:not([hidden])");
  }
  const left = pairs.filter((pair) => !pair.hidden).length;
  shown.textContent = `${count} of ${questions.length} questions shown, about ${left} ${left === 1 ? "pair" : "pairs"}`;
}

function foldAll() {
  const open = unfold.getAttribute("aria-pressed") !== "true";
  unfold.setAttribute("aria-pressed", String(open));
  unfold.textContent = open ? "Fold all answers" : "Unfold all answers";
  for (const fold of document.querySelectorAll(".told, .above")) fold.open = open;
}

for (const filter of filters) filter.addEventListener("change", apply);
unfold.addEventListener("click", foldAll);
document.getElementById("filters").hidden = false;
apply();
