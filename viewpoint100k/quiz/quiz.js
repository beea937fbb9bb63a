"use strict";
// Shows one question after another and measures the times. The browser's storage keeps the answers until the person
// saves them to a file.
const at = (id) => document.getElementById(id);
const quiz = JSON.parse(at("content").textContent);
const byId = new Map(quiz.items.map((item) => [item.id, item]));
const STORE = `${quiz.kind} ${quiz.quiz}`;
let state = null; // person, order of rows, answers by row, place
let since = 0; // time at which the question became visible; 0 while it is not visible
let spent = 0; // milliseconds of visibility before that

function load() {
  try {
    const found = JSON.parse(localStorage.getItem(STORE));
    return found && found.order.every((id) => byId.has(id)) && found.order.length === quiz.items.length ? found : null;
  } catch {
    return null;
  }
}

function keep() {
  try {
    localStorage.setItem(STORE, JSON.stringify(state));
  } catch {
    at("unsaved").hidden = false;
  }
}

async function digest(text) {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// The name determines the order of the rows, so that each person has a different order. Rows about one object are not
// consecutive.
async function begin(person) {
  const ranked = await Promise.all(quiz.items.map(async ({ id }) => [await digest(`${person}\n${id}`), id]));
  state = { person, order: ranked.sort().map(([, id]) => id), answers: {}, place: 0, began: new Date().toISOString() };
  keep();
  ask();
}

function show(name) {
  for (const part of ["begin", "ask", "end"]) at(part).hidden = part !== name;
  scrollTo(0, 0);
}

function ask() {
  if (state.place >= state.order.length) return end();
  show("ask");
  const item = byId.get(state.order[state.place]);
  at("bar").value = state.place;
  at("count").textContent = `${state.place + 1} of ${state.order.length}`;
  at("images").classList.toggle("several", item.images.length > 2);
  at("images").replaceChildren(...item.images.map((source, place) => {
    const figure = document.createElement("figure");
    const image = document.createElement("img");
    image.src = source;
    image.alt = `Image ${place + 1}`;
    figure.append(image, Object.assign(document.createElement("figcaption"), { textContent: `Image ${place + 1}` }));
    return figure;
  }));
  at("question").textContent = item.question;
  at("options").replaceChildren(...(item.options.length ? choices(item) : [freely(item)]));
  at("back").hidden = state.place === 0;
  at("cannot").setAttribute("aria-pressed", String(state.answers[item.id]?.answer === null));
  spent = state.answers[item.id]?.milliseconds ?? 0;
  since = document.hidden ? 0 : performance.now();
}

function choices(item) {
  return item.options.map((text, place) => {
    const letter = String.fromCharCode(65 + place);
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.answer = letter;
    button.append(Object.assign(document.createElement("kbd"), { textContent: letter }), ` ${text}`);
    button.setAttribute("aria-pressed", String(state.answers[item.id]?.answer === letter));
    button.addEventListener("click", () => answer(letter));
    return button;
  });
}

function freely(item) {
  const form = document.createElement("form");
  const input = document.createElement("input");
  input.required = true;
  input.setAttribute("aria-label", "Your answer");
  input.value = state.answers[item.id]?.answer ?? "";
  form.append(input, Object.assign(document.createElement("button"), { textContent: "Answer" }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    answer(input.value.trim());
  });
  return form;
}

function elapsed() {
  return spent + (since ? performance.now() - since : 0);
}

function answer(given) {
  const id = state.order[state.place];
  state.answers[id] = { answer: given, milliseconds: Math.round(elapsed()) };
  state.place += 1;
  keep();
  ask();
}

function back() {
  if (state.place === 0) return;
  state.place -= 1;
  ask();
}

function result() {
  return {
    kind: quiz.kind, quiz: quiz.quiz, data: quiz.data, split: quiz.split, rows: quiz.rows, version: quiz.version,
    person: state.person, began: state.began, ended: new Date().toISOString(),
    answers: state.order.filter((id) => id in state.answers).map((id) => ({
      id, answer: state.answers[id].answer, seconds: state.answers[id].milliseconds / 1000,
    })),
  };
}

function end() {
  show("end");
  at("early").hidden = state.place >= state.order.length;
  const done = result();
  const unsure = done.answers.filter(({ answer: given }) => given === null).length;
  const minutes = done.answers.reduce((sum, { seconds }) => sum + seconds, 0) / 60;
  at("sum").textContent = `${done.answers.length} answers, ${unsure} of them “cannot tell”, in ${minutes.toFixed(1)} minutes.`;
  const text = `${JSON.stringify(done, null, 1)}\n`;
  at("text").value = text;
  at("save").href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  at("save").download = `${state.person.replace(/[^\p{L}\p{N}_-]+/gu, "-")}.json`;
}

async function unlock(key) {
  const closed = state.order.filter((id) => byId.get(id).digest && id in state.answers);
  const right = await Promise.all(closed.map(async (id) => await digest(`${key}\n${id}\n${state.answers[id].answer}`) === byId.get(id).digest));
  const count = right.filter(Boolean).length;
  at("score").textContent = count === 0 ? "No answer is right, or this is not the key of this quiz." : `${count} of ${closed.length} right.`;
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden && since) {
    spent += performance.now() - since;
    since = 0;
  } else if (!document.hidden && !since) since = performance.now();
});
document.addEventListener("keydown", (event) => {
  if (at("ask").hidden || event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.target.tagName === "INPUT") return;
  const letter = /^[1-9]$/.test(event.key) ? String.fromCharCode(64 + Number(event.key)) : event.key.toUpperCase();
  const button = document.querySelector(`#options button[data-answer="${CSS.escape(letter)}"]`);
  if (button) button.click();
  else if (event.key === "0") answer(null);
  else if (event.key === "ArrowLeft" || event.key === "Backspace") back();
  else return;
  event.preventDefault();
});
at("cannot").addEventListener("click", () => answer(null));
at("back").addEventListener("click", back);
at("stop").addEventListener("click", end);
at("on").addEventListener("click", ask);
at("who").addEventListener("submit", (event) => {
  event.preventDefault();
  begin(at("who").elements.person.value.trim());
});
at("unlock").addEventListener("submit", (event) => {
  event.preventDefault();
  unlock(at("unlock").elements.key.value.trim());
});
at("again").addEventListener("click", () => {
  if (confirm("This deletes the answers from this browser. Have you saved them?")) {
    localStorage.removeItem(STORE);
    location.reload();
  }
});

state = load();
if (state) ask();
else {
  show("begin");
  try {
    localStorage.setItem(`${STORE} test`, "");
    localStorage.removeItem(`${STORE} test`);
  } catch {
    at("unsaved").hidden = false;
  }
}
