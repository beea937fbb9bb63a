"use strict";
// Filters, and buttons to unfold answers. Without this script the page shows every pair.
const pairs = [...document.querySelectorAll(".pair")];
const questions = [...document.querySelectorAll(".asked")];
const filters = [...document.querySelectorAll("#filters select")];
const shown = document.getElementById("shown");
const unfold = document.getElementById("unfold");

// The filtered value is an attribute of the question, of its form, or of its pair.
function fits(question, filter) {
  const holder = question.closest(`[data-${filter.name}]`);
  return filter.value === "" || holder.dataset[filter.name] === filter.value;
}

// Selected ranges [low, high] by the name of the distribution.
const marked = new Map();
const numbers = new Map(questions.map((question) => [question, JSON.parse(question.dataset.numbers)]));

function liesIn(question, [name, [low, high]]) {
  return (numbers.get(question)[name] ?? []).some((value) => value >= low && value <= high);
}

function apply() {
  let count = 0;
  for (const question of questions) {
    question.hidden = !filters.every((filter) => fits(question, filter)) || ![...marked].every((range) => liesIn(question, range));
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

// Dragging over the bars of a distribution selects a range, and so do the arrow keys. Shift and an arrow widen it.
function brush(bars) {
  const all = [...bars.children];
  const title = bars.closest("figure").querySelector("h3").textContent;
  let range = null; // first and last bar
  let dragging = null; // the bar at which dragging began

  function mark(first, last) {
    range = first === null ? null : [Math.max(0, Math.min(first, last)), Math.min(all.length - 1, Math.max(first, last))];
    all.forEach((bar, place) => bar.classList.toggle("outside", range !== null && (place < range[0] || place > range[1])));
    if (range) marked.set(bars.dataset.name, [Number(all[range[0]].dataset.low), Number(all[range[1]].dataset.high)]);
    else marked.delete(bars.dataset.name);
    list();
    apply();
  }

  function list() {
    const holder = document.getElementById("brushes");
    [...holder.children].find((button) => button.dataset.name === bars.dataset.name)?.remove();
    if (!range) return;
    const button = document.createElement("button");
    const digits = (value) => Number(value.toPrecision(3));
    button.type = "button";
    button.dataset.name = bars.dataset.name;
    button.textContent = `${title.split(/[:,]/)[0]} ${marked.get(bars.dataset.name).map(digits).join(" to ")} ×`;
    button.setAttribute("aria-label", `Remove filter: ${button.textContent}`);
    button.addEventListener("click", () => mark(null));
    holder.append(button);
  }

  function under(event) {
    const box = bars.getBoundingClientRect();
    return Math.max(0, Math.min(all.length - 1, Math.floor((event.clientX - box.left) / box.width * all.length)));
  }

  bars.setAttribute("role", "group");
  bars.setAttribute("aria-label", `${bars.getAttribute("aria-label")}. Arrow keys select a range, Shift widens it, Escape clears it.`);
  bars.tabIndex = 0;
  bars.classList.add("brushable");
  bars.addEventListener("pointerdown", (event) => {
    dragging = under(event);
    bars.setPointerCapture(event.pointerId);
    if (range && dragging >= range[0] && dragging <= range[1] && range[0] === range[1]) mark(null);
    else mark(dragging, dragging);
  });
  bars.addEventListener("pointermove", (event) => {
    if (dragging !== null && range && under(event) !== range[1]) mark(dragging, under(event));
  });
  for (const done of ["pointerup", "pointercancel"]) bars.addEventListener(done, () => { dragging = null; });
  bars.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Escape") mark(null);
    else if (step && !range) mark(0, 0);
    else if (step && event.shiftKey) mark(range[0], Math.max(range[0], range[1] + step));
    else if (step) mark(range[0] + step, range[1] + step);
    else return;
    event.preventDefault();
  });
}

for (const bars of document.querySelectorAll(".bars")) brush(bars);
for (const filter of filters) filter.addEventListener("change", apply);
unfold.addEventListener("click", foldAll);
document.getElementById("filters").hidden = false;
apply();
