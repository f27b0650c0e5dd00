"use strict";

// Each figure holds a still picture; where scripts run, an interactive chart takes its place.
// `ast: true` lets Vega interpret expressions instead of compiling them, so the page needs no 'unsafe-eval'.
const NARROW = 560; // pixels; below, legends take two columns
const LONG = 30; // letters of a title
const PANEL = 250; // pixels that one of several charts side by side wants,
const PAPER = 680; // pixels of A4 within its margins
const LABELS = 72; // with this much for its axis

// Charts side by side do not fit themselves to their container: as many in a row as there is room for.
function sideBySide(spec, width) {
  spec.columns = Math.max(1, Math.min(spec.concat.length, Math.floor(width / PANEL)));
  for (const chart of spec.concat) chart.width = Math.floor(width / spec.columns) - LABELS;
  spec.autosize = { type: "pad", resize: true }; // labels take another room whenever the data changes
}

// Vega sizes a chart before it turns the labels of an axis, and leaves what then sticks out outside: room for that, once
// another layout has found the place of all.
async function uncut(view, svg) {
  await view.resize().runAsync();
  const own = svg.getBoundingClientRect();
  if (!own.width) return null;
  const texts = [...svg.querySelectorAll("text")].filter((text) => text.getAttribute("opacity") !== "0");
  const boxes = texts.map((text) => text.getBoundingClientRect()).filter((box) => box.width);
  const scale = svg.viewBox.baseVal.width / own.width;
  const beyond = (outside) => Math.max(0, ...boxes.map((box) => Math.ceil(scale * outside(box))));
  const sides = {
    top: beyond((box) => own.top - box.top), bottom: beyond((box) => box.bottom - own.bottom),
    left: beyond((box) => own.left - box.left), right: beyond((box) => box.right - own.right),
  };
  if (!Object.values(sides).some(Boolean)) return null;
  const before = view.padding();
  for (const side in sides) sides[side] += before[side];
  return view.padding(sides).runAsync();
}

// With `nearest`, the pointer is over a cell around the nearest point, whose row is `datum.datum`. Vega-Lite (6.1) knows
// that for quantitative fields of a tooltip only; others would say "undefined".
function patched(spec) {
  for (const mark of spec.marks ?? []) {
    patched(mark);
    if (mark.name?.includes("_brush")) mark.aria = false; // what is drawn while one selects says nothing to a reader
    const tooltip = mark.name?.endsWith("voronoi") && mark.encode.update.tooltip;
    if (tooltip) tooltip.signal = tooltip.signal.replace(/(?<!datum\.)datum\["/g, 'datum.datum["');
  }
  return spec;
}


// A box for each tuner, which ticks it on and off, and one for each of what else a chart can show.
function tickBoxes(holder, view, scale, ticks) {
  const boxes = choices("Tuners", "checkbox", scale.domain, (box, place) => {
    box.checked = true;
    box.after(swatch(scale.range[place]));
  });
  boxes.addEventListener("change", () => {
    const off = [...boxes.querySelectorAll("input")].filter((box) => !box.checked).map((box) => box.value);
    view.signal("off", off).runAsync();
  });
  const names = Object.keys(ticks);
  const more = choices("Show", "checkbox", Object.values(ticks), (box, place) => {
    box.addEventListener("change", () => view.signal(names[place], box.checked).runAsync());
  });
  holder.before(boxes, more);
}

// `report.css` knows the partner of each colour on a dark page.
function swatch(colour) {
  const shown = document.createElement("span");
  shown.className = "swatch";
  shown.dataset.colour = colour;
  return shown;
}

// A group of check boxes or radio buttons; `each` dresses one.
function choices(title, type, values, each) {
  const group = document.createElement("fieldset");
  group.className = "boxes";
  const legend = document.createElement("legend");
  legend.textContent = title;
  group.append(legend);
  values.forEach((value, place) => {
    const label = document.createElement("label");
    const box = document.createElement("input");
    Object.assign(box, { type, value, name: `${title}-${document.querySelectorAll("fieldset").length}` });
    label.append(box, value);
    group.append(label);
    each(box, place);
  });
  return group;
}

function chooseOne(choice) {
  const parts = [...choice.children];
  if (parts.length < 2) return;
  const show = (name) => parts.forEach((part) => (part.hidden = part.dataset.choice !== name));
  const names = parts.map((part) => part.dataset.choice);
  const group = choices(choice.dataset.label, "radio", names, (box, place) => (box.checked = place === 0));
  group.addEventListener("change", (event) => show(event.target.value));
  choice.prepend(group);
  show(names[0]);
}

// A chart cannot find its size in a problem that is folded: it is drawn once that is opened.
function whenOpen(holder) {
  const fold = holder.closest("details:not([open])");
  return fold && new Promise((open) => fold.addEventListener("toggle", open, { once: true })).then(() => whenOpen(holder));
}

// A narrow window has no room for a long title of an axis in one line.
function inTwoLines(part) {
  for (const [name, value] of Object.entries(part)) {
    if (name === "title" && part.field && value?.length > LONG) {
      const middle = value.indexOf(" ", value.length / 2 - 4);
      if (middle > 0) part.title = [value.slice(0, middle), value.slice(middle + 1)];
    } else if (name !== "tooltip" && value && typeof value === "object") inTwoLines(value);
  }
}

function draw(holder, spec) {
  if (spec.concat) sideBySide(spec, holder.clientWidth);
  else {
    const scrolls = holder.clientWidth < spec.usermeta?.least;
    if (scrolls) Object.assign(holder, { tabIndex: 0, role: "region", ariaLabel: "The chart scrolls sideways" });
    holder.classList.toggle("scroll", scrolls);
    spec.width = scrolls ? spec.usermeta.least : "container";
    spec.autosize = { type: "fit-x", contains: "padding" };
  }
  spec.background = "transparent";
  if (holder.clientWidth < NARROW) {
    spec.config.legend.columns = 2;
    spec.config.axisX = { ...spec.config.axisX, titleAnchor: "end" }; // a title longer than the axis goes left
    inTwoLines(spec);
  }
  const picture = holder.querySelector("img");
  const place = document.createElement("div");
  holder.append(place);
  picture.hidden = true;
  const ticks = spec.usermeta?.ticks;
  const tuners = ticks && spec.layer.at(-1).encoding.color.scale;
  // A narrow window has no room for names at the ends of lines; the boxes above have them.
  if (ticks && holder.clientWidth < NARROW) spec.layer = spec.layer.filter((layer) => layer.name !== "names");
  const options = { mode: "vega-lite", renderer: "svg", ast: true, actions: false, patch: patched };
  const drawn = vegaEmbed(place, spec, options);
  return drawn
    .then(async (result) => {
      await uncut(result.view, place.querySelector("svg"));
      if (ticks) tickBoxes(holder, result.view, tuners, ticks);
      return result;
    })
    .catch((error) => {
      place.remove();
      picture.hidden = false;
      console.error(error);
      return null;
    });
}

// The charts and what draws them are packed, or they would be most of the page. The page's policy names the hash of the
// library, so that it may run; where a browser cannot unpack it, still pictures stay.
async function unpacked() {
  const packed = atob(document.getElementById("packed").textContent);
  const bytes = Uint8Array.from(packed, (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const { library, charts } = await new Response(stream).json();
  const script = document.createElement("script");
  script.textContent = library;
  document.head.append(script);
  return charts;
}

const charts = unpacked();
for (const holder of document.querySelectorAll(".chart")) {
  holder.drawn = charts.then(async (all) => {
    await whenOpen(holder);
    return draw(holder, all[holder.dataset.chart]);
  });
}

// Of figures that show the same in two ways, one is shown, once all have found their size.
for (const figures of document.querySelectorAll(".alternatives")) {
  Promise.all([...figures.querySelectorAll(".chart")].map((holder) => holder.drawn)).then(() => chooseOne(figures));
}

// A link into something folded opens it; paper shows everything.
function unfold(place) {
  for (let fold = place; fold; fold = fold.parentElement) if (fold.tagName === "DETAILS") fold.open = true;
}
function goTo() {
  const place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (place) {
    unfold(place);
    place.scrollIntoView();
  }
}
window.addEventListener("hashchange", goTo);
if (location.hash) goTo();
window.addEventListener("beforeprint", () => {
  document.querySelectorAll("details.problem").forEach((fold) => (fold.open = true));
  document.querySelectorAll(".chart > div > div svg, .chart > div > svg").forEach(layInPieces);
});
window.addEventListener("afterprint", () => document.querySelectorAll(".piece").forEach((piece) => piece.remove()));

// Paper does not scroll, and the end of a page cuts what is longer: there, a chart that scrolls lies in pieces of a few
// axes each, and charts side by side row by row. A piece is the whole chart, seen through a window.
function layInPieces(svg) {
  const own = svg.getBoundingClientRect();
  const { width, height } = svg.viewBox.baseVal;
  const holder = svg.closest(".chart");
  if (!own.width || holder.querySelector(".piece")) return;
  const scale = width / own.width;
  const places = (marks, side) => {
    const found = [...svg.querySelectorAll(marks)].map((mark) => scale * (mark.getBoundingClientRect()[side] - own[side]));
    return found.sort((a, b) => a - b).filter((place, index) => !index || place - found[index - 1] > 10);
  };
  const across = holder.classList.contains("scroll");
  let starts;
  if (across) {
    const axes = places(".role-axis-grid line", "left");
    const each = Math.floor(PAPER / (axes[1] - axes[0]));
    starts = axes.flatMap((place, axis) => (axis && axis % each === 0 ? [(axes[axis - 1] + place) / 2] : []));
  } else starts = places("[class*=concat_][class*=_group]", "top").slice(1).map((place) => place - 2);
  if (!starts.length) return;
  const ends = [...starts, across ? width : height];
  [0, ...starts].forEach((start, place) => {
    const piece = svg.cloneNode(true);
    const size = ends[place] - start;
    piece.setAttribute("viewBox", across ? `${start} 0 ${size} ${height}` : `0 ${start} ${width} ${size}`);
    piece.setAttribute(across ? "width" : "height", size);
    piece.setAttribute("class", "piece");
    holder.append(piece);
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
