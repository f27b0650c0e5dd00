"use strict";

// Each figure holds a still picture; where scripts run, an interactive chart takes its place.
// `ast: true` lets Vega interpret expressions instead of compiling them, so the page needs no 'unsafe-eval'.
const NARROW = 560; // pixels; below, legends take two columns
const PANEL = 250; // pixels that one of several charts side by side wants,
const LABELS = 72; // with this much for its axis

// Charts side by side do not fit themselves to their container: as many in a row as there is room for.
function sideBySide(spec, width) {
  spec.columns = Math.max(1, Math.min(spec.concat.length, Math.floor(width / PANEL)));
  for (const chart of spec.concat) chart.width = Math.floor(width / spec.columns) - LABELS;
}

for (const holder of document.querySelectorAll(".chart")) {
  const spec = JSON.parse(document.getElementById(holder.dataset.spec).textContent);
  if (spec.concat) sideBySide(spec, holder.clientWidth);
  else {
    spec.width = "container";
    spec.autosize = { type: "fit-x", contains: "padding" };
  }
  spec.background = "transparent";
  if (holder.clientWidth < NARROW) spec.config.legend.columns = 2;
  const picture = holder.querySelector("img");
  const place = document.createElement("div");
  holder.append(place);
  picture.hidden = true;
  vegaEmbed(place, spec, { mode: "vega-lite", renderer: "svg", ast: true, actions: false }).catch((error) => {
    place.remove();
    picture.hidden = false;
    console.error(error);
  });
}

// A click on a column's title sorts by it; a second click turns the order round.
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0];
  if (body.rows.length < 2) continue;
  const titles = [...table.tHead.rows[0].cells];
  titles.forEach((title, column) => {
    if (!title.textContent.trim()) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...title.childNodes);
    title.append(button);
    button.addEventListener("click", () => {
      const down = title.getAttribute("aria-sort") === "ascending";
      titles.forEach((other) => other.removeAttribute("aria-sort"));
      title.setAttribute("aria-sort", down ? "descending" : "ascending");
      const numeric = title.classList.contains("number");
      const key = (row) => {
        const cell = row.cells[column];
        return numeric ? parseFloat(cell.dataset.sort ?? cell.textContent) : cell.textContent;
      };
      const compare = (a, b) => {
        if (!numeric) return down ? b.localeCompare(a) : a.localeCompare(b);
        if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b); // what is missing stays last
        return down ? b - a : a - b;
      };
      body.append(...[...body.rows].sort((a, b) => compare(key(a), key(b))));
    });
  });
}
