"use strict";
// The page around the 3D view. It shows the server's current row and requests others.
const at = (id) => document.getElementById(id);
const root = document.documentElement.dataset;
const CATEGORIES = { type: "Question type", category: "Category", source: "Source", split: "Split", form: "Form" };
const NUMBERS = { angle: "Angle, °", margin: "Margin", answerability: "Answerability", difficulty: "Difficulty, 0 to 1" };
let shown = -1;
let current = "";

function wanted() {
  const query = new URLSearchParams();
  for (const name of Object.keys(CATEGORIES)) {
    const value = at("filter").elements[name]?.value;
    if (value) query.set(name, value);
  }
  for (const name of Object.keys(NUMBERS)) {
    const [low, high] = ["low", "high"].map((end) => at("filter").elements[`${name}_${end}`]?.value ?? "");
    if (low || high) query.set(name, `${low}..${high}`);
  }
  return query;
}

async function ask(path, query, method = "POST") {
  const response = await fetch(`${path}?${query}`, { method });
  const found = await response.json();
  at("problem").hidden = !found.error;
  at("problem").textContent = found.error ?? "";
  if (!found.error && found.id) draw(found);
  return found;
}

const show = (id) => ask("/api/show", new URLSearchParams([["id", id], ...wanted()]));
const step = (by) => ask("/api/step", new URLSearchParams([["by", by], ...wanted()]));
const look = (from) => fetch(`/api/look?${new URLSearchParams({ from })}`, { method: "POST" });

function draw(row) {
  shown = row.shown;
  current = row.id;
  const query = wanted().toString();
  const link = `/row/${row.id}${query && `?${query}`}`;
  history.replaceState(null, "", link);
  at("link").href = link;
  document.title = `${row.id} – ${root.set}`;
  at("where").textContent = `Row ${(row.rank + 1).toLocaleString()} of ${row.matching.toLocaleString()}`
    + (row.matching < row.rows ? ` that pass the filters, ${row.rows.toLocaleString()} in total` : "");
  at("filtered").textContent = query ? decodeURIComponent(query.replaceAll("&", ", ")) : "";
  at("jump").elements.id.value = row.id;
  drawImages(row);
  at("kind").textContent = [row.question_type.replaceAll("_", " "), row.form && `${row.form} form`].filter(Boolean).join(", ");
  at("question").textContent = row.question;
  at("options").replaceChildren(...row.options.map((text, place) => {
    const letter = String.fromCharCode(65 + place);
    const item = element("li", `${letter}. ${text}`);
    if (letter === row.answer) {
      item.className = "right";
      item.append(element("span", "", "✓ right", "soft"));
    }
    return item;
  }));
  at("answer").textContent = row.options.length ? "" : `Answer: ${row.answer}`;
  at("frame").textContent = row.frame && `In this question, ${row.frame}.`;
  at("note").textContent = row.note;
  drawFacts(row);
  at("thought").hidden = !row.reasoning;
  at("reasoning").textContent = row.reasoning ?? "";
  at("origin").textContent = [row.category || "(no category)", row.asset_id, row.source, row.license, row.creator].filter(Boolean).join(" · ");
}

function element(name, text, more = "", kind = "") {
  const made = document.createElement(name);
  made.textContent = text + (more && ` ${more}`);
  made.className = kind;
  return made;
}

function drawImages(row) {
  at("images").classList.toggle("several", row.images.length > 2);
  at("images").replaceChildren(...row.images.map((there, place) => {
    const figure = document.createElement("figure");
    if (there) {
      const image = document.createElement("img");
      image.src = `/image/${row.id}/${place + 1}`;
      image.alt = `Image ${place + 1}: ${row.category}`;
      figure.append(image);
    } else figure.append(element("div", `Image ${place + 1} is not stored`, "", "missing"));
    figure.append(element("figcaption", `Image ${place + 1}${row.mirrored[place] ? ", stored flipped left to right; the 3D view shows it unflipped" : ""}`));
    return figure;
  }));
}

function drawFacts(row) {
  const number = (value, digits = 3) => value === null || value === undefined ? "–" : Math.abs(value) < 1e-9 ? "0" : String(Number(value.toPrecision(digits)));
  const facts = {
    azimuth: `${number(row.relative.azimuth_deg)}°`, yaw: `${number(row.relative.yaw_deg)}°`,
    overlap: number(row.relative.overlap), answerability: number(row.answerability),
    value: number(row.answer_value), margin: number(row.margin),
    difficulty: number(row.difficulty, 2), split: row.split, wording: row.template, group: row.group,
  };
  at("facts").replaceChildren(...Object.entries(facts).flatMap(([name, value]) => [element("dt", name), element("dd", value)]));
}

function drawFilters(facets) {
  const query = new URLSearchParams(location.search);
  const fields = Object.entries(CATEGORIES).map(([name, label]) => {
    const holder = element("label", label);
    const select = document.createElement("select");
    select.name = name;
    select.append(new Option("all", ""), ...facets[name].filter(Boolean).map((value) => new Option(value, value)));
    select.value = query.get(name) ?? "";
    holder.append(select);
    return holder;
  });
  for (const [name, label] of Object.entries(NUMBERS)) {
    const given = (query.get(name) ?? "..").split("..");
    const set = document.createElement("fieldset");
    set.append(element("legend", facets[name] ? `${label} (${facets[name].map((v) => Number(v.toPrecision(3))).join(" to ")})` : label));
    ["low", "high"].forEach((end, place) => {
      const input = document.createElement("input");
      Object.assign(input, { type: "number", step: "any", name: `${name}_${end}`, value: given[place] ?? "" });
      input.placeholder = place ? "to" : "from";
      input.setAttribute("aria-label", `${label}, ${place ? "at most" : "at least"}`);
      set.append(input);
    });
    fields.push(set);
  }
  const clear = element("button", "Clear");
  clear.type = "button";
  clear.addEventListener("click", () => {
    for (const field of at("filter").elements) if (field.name) field.value = "";
    show(current);
  });
  at("filter").replaceChildren(...fields, clear);
}

// Follows the server, because another page or a key in the 3D view may change the row.
async function follow() {
  for (;;) {
    try {
      const row = await (await fetch(`/api/wait?shown=${shown}`)).json();
      if (row.id && row.shown > shown) draw(row);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 2000)); // The viewer does not run.
    }
  }
}

// Below 576 pixels, viser's controls cover half of its view. So a narrow view is a wide one that is scaled down.
function fit() {
  const { clientWidth, clientHeight } = at("stage");
  const scale = Math.min(1, clientWidth / 600);
  Object.assign(at("scene").style, {
    width: `${clientWidth / scale}px`, height: `${clientHeight / scale}px`, transform: `scale(${scale})`,
  });
}
new ResizeObserver(fit).observe(at("stage"));

const KEYS = {
  j: () => step(1), ArrowRight: () => step(1), k: () => step(-1), ArrowLeft: () => step(-1), a: () => at("hide").click(),
  f: () => { at("filters").open = !at("filters").open; }, "/": () => at("jump").elements.id.select(),
  0: () => look("from behind camera 1"), 1: () => look("camera 1"), 2: () => look("camera 2"),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || ["INPUT", "SELECT"].includes(event.target.tagName)) return;
  const act = KEYS[event.key];
  if (act) {
    event.preventDefault();
    act();
  }
});
at("next").addEventListener("click", () => step(1));
at("previous").addEventListener("click", () => step(-1));
at("jump").addEventListener("submit", (event) => {
  event.preventDefault();
  show(at("jump").elements.id.value.trim());
  document.activeElement.blur();
});
at("filter").addEventListener("change", () => ask("/api/show", wanted()));
at("filter").addEventListener("submit", (event) => event.preventDefault());
at("hide").addEventListener("click", () => {
  const hiding = document.body.classList.toggle("hiding");
  at("hide").setAttribute("aria-pressed", String(hiding));
});
for (const button of document.querySelectorAll("[data-look]")) button.addEventListener("click", () => look(button.dataset.look));

async function begin() {
  drawFilters(await (await fetch("/api/facets")).json());
  at("filters").open = location.search !== "" && innerWidth > 840;
  const id = location.pathname.startsWith("/row/") ? decodeURIComponent(location.pathname.slice(5)) : "";
  await (id ? show(id) : ask("/api/show", wanted()));
  at("scene").src = `http://${location.hostname}:${root.scenePort}/`;
  follow();
}
begin();
