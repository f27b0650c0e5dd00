
// The search: one filter, set in the form or by dragging over a chart, decides which trials charts and table show.
const BRIEF = 4; // digits of a number in the form and on an axis
const SHOWN = 10; // of the best that pass

for (const place of document.querySelectorAll(".explorer")) explore(place);

async function explore(place) {
  const data = JSON.parse(place.querySelector(".trials").textContent);
  const holders = [...place.querySelectorAll(".chart")];
  const results = await Promise.all(holders.map((holder) => holder.drawn));
  const [lines, points] = results.map((result) => result?.view);
  if (!lines || !points) return;
  const filter = makeForm(place.querySelector("form"), data);
  const best = bestTable(place, data);
  const update = () => {
    const passed = passing(data, filter.read());
    show(data, passed, lines, points);
    best(passed);
    const drawn = Math.min(passed.length, data.most);
    const held = data.trial.length < data.all ? ` (of ${data.all} in all; the page holds these)` : "";
    place.querySelector(".matches").textContent =
      `${passed.length} of ${data.trial.length} trials pass${held}` +
      (drawn < passed.length ? `; ${drawn} are drawn, the best of each search first, the others at random.` : ".");
  };
  let waiting = 0;
  filter.form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(update, 150);
  });
  filter.form.addEventListener("reset", () => setTimeout(update));
  brushes(data, filter, update, lines, points);
  update();
}

// The form: a box for each tuner and option, two numbers for each range.
function makeForm(form, data) {
  const tuners = choices("Tuners", "checkbox", data.tuners, (box, place) => {
    box.after(swatch(data.colours[place]));
  });
  const parts = data.axes.map(({ title, options }, axis) => {
    if (!options.length) return range(title, data.ends[axis] ?? extent(data.values[axis]).map(brief));
    return choices(title, "checkbox", data.values[axis].includes(null) ? [...options, "absent"] : options, () => {});
  });
  const best = choices("Show", "checkbox", ["only the best of each search"], () => {});
  const reset = document.createElement("button");
  reset.type = "reset";
  reset.textContent = "Show all";
  form.append(tuners, ...parts, best, reset);
  for (const box of form.querySelectorAll("[type=checkbox]")) box.defaultChecked = !best.contains(box);
  form.hidden = false;
  const ticked = (group) => new Set([...group.querySelectorAll(":checked")].map((box) => box.value));
  return {
    form,
    // Sets one axis to what was dragged over.
    narrow(axis, low, high, options) {
      const inputs = parts[axis].querySelectorAll("input");
      if (data.axes[axis].options.length) inputs.forEach((box) => (box.checked = options.has(box.value)));
      else [inputs[0].value, inputs[1].value] = [low, high];
    },
    read() {
      return {
        tuners: ticked(tuners),
        best: ticked(best).size > 0,
        axes: parts.map((part, axis) => {
          if (data.axes[axis].options.length) return { options: ticked(part) };
          const [low, high] = [...part.querySelectorAll("input")].map((input) => input.valueAsNumber);
          return { low, high };
        }),
      };
    },
  };
}

// The ends of the range are shown where nothing is set.
function range(title, ends) {
  const group = document.createElement("fieldset");
  group.className = "boxes";
  const legend = document.createElement("legend");
  legend.textContent = title;
  group.append(legend);
  for (const [place, word] of ["from", "to"].entries()) {
    const label = document.createElement("label");
    const input = document.createElement("input");
    Object.assign(input, { type: "number", step: "any", placeholder: ends[place] });
    input.setAttribute("aria-label", `${title} ${word}`);
    label.append(word, input);
    group.append(label);
  }
  return group;
}

// Numbers of the trials that pass, in the order of the page: each search's best first.
function passing(data, { tuners, best, axes }) {
  const ticked = data.tuners.map((name) => tuners.has(name));
  const bounded = axes
    .map((wanted, axis) => ({ ...wanted, values: data.values[axis] }))
    .filter(({ options, low, high }) => options || !Number.isNaN(low) || !Number.isNaN(high));
  const passes = (row) =>
    ticked[data.tuner[row]] &&
    (!best || data.best[row]) &&
    bounded.every(({ options, low, high, values }) => {
      const value = values[row];
      if (options) return options.has(value ?? "absent");
      return value !== null && !(value < low) && !(value > high);
    });
  return data.trial.map((_, row) => row).filter(passes);
}

function scores(data) {
  return data.values[data.values.length - 1];
}

function extent(values) {
  return values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
}

function show(data, passed, lines, points) {
  const drawn = passed.slice(0, data.most).reverse(); // the best of each search on top
  const all = scores(data);
  const [low, high] = extent(passed.map((row) => all[row]));
  const height = (row) => (high > low ? (all[row] - low) / (high - low) : 0);
  const last = data.axes.length - 1;
  const where = (axis, row) => (axis === last ? height(row) : (data.positions[axis][row] ?? data.lane));
  const names = data.tuners;
  lines.data(
    "lines",
    drawn.flatMap((row) =>
      data.axes.map((_, axis) => ({
        line: row, score: all[row], best: !!data.best[row], axis, at: where(axis, row),
      })),
    ),
  );
  const kept = lines.data("marks").filter((mark) => mark.axis !== last);
  const ends = passed.length ? [[1, high], ...(high > low ? [[0, low]] : [])] : [];
  const labels = ends.map(([at, score]) => ({ axis: last, at, label: brief(score) }));
  lines.data("marks", [...kept.map(({ axis, at, label }) => ({ axis, at, label })), ...labels]);
  lines.runAsync();
  points.data(
    "points",
    drawn.map((row) => {
      const point = {
        tuner: names[data.tuner[row]], replicate: data.replicate[row], trial: data.trial[row], score: all[row],
        best: !!data.best[row], beside: ((row * 0.618034) % 1), // spread, the same each time
      };
      data.values.forEach((values, axis) => {
        if (values[row] !== null) point[`v${axis}`] = values[row];
      });
      return point;
    }),
  );
  points.runAsync();
}

function brief(value) {
  return String(Number(value.toPrecision(BRIEF)));
}

// What is dragged over becomes the form's filter, and the rectangle goes.
function brushes(data, filter, update, lines, points) {
  const last = data.axes.length - 1;
  const narrowTo = (axis, rows) => {
    if (!rows.length) return false;
    const values = rows.map((row) => data.values[axis][row]);
    const [low, high] = extent(values.filter((value) => typeof value === "number"));
    filter.narrow(axis, Number.isFinite(low) ? low : "", Number.isFinite(high) ? high : "",
      new Set(values.map((value) => value ?? "absent")));
    return true;
  };
  const pending = new Map();
  const watch = (view, name, apply) => {
    try {
      view.addSignalListener(name, (_, value) => pending.set(name, { view, value, apply }));
    } catch {} // a chart without that brush
  };
  watch(lines, "brush", ({ axis: across, at }) => {
    const passed = passing(data, filter.read());
    const [low, high] = extent(passed.map((row) => scores(data)[row]));
    const position = (axis, row) =>
      axis === last ? (high > low ? (scores(data)[row] - low) / (high - low) : 0) : (data.positions[axis][row] ?? data.lane);
    const [first, end] = extent(across), [from, to] = extent(at);
    return data.axes.map((_, axis) =>
      axis >= first && axis <= end && narrowTo(axis, passed.filter((row) => position(axis, row) >= from && position(axis, row) <= to)));
  });
  for (let axis = 0; axis < data.axes.length; axis += 1) {
    watch(points, `brush${axis}`, (value) => {
      const own = value[`v${axis}`], [low, high] = extent(value.score ?? []);
      const options = data.axes[axis].options.length ? new Set(own) : null;
      const [from, to] = options ? [] : extent(own);
      const inside = (row) => {
        const at = data.values[axis][row], score = scores(data)[row];
        return at !== null && score >= low && score <= high && (options ? options.has(at) : at >= from && at <= to);
      };
      const rows = passing(data, filter.read()).filter(inside);
      return [narrowTo(axis, rows), narrowTo(last, rows)];
    });
  }
  window.addEventListener("pointerup", () =>
    setTimeout(() => {
      for (const [name, { view, value, apply }] of pending) {
        if (!Object.keys(value).length) continue;
        apply(value);
        view.data(`${name}_store`, []);
        update();
      }
      pending.clear();
    }),
  );
}

// The best of those that pass, for people who do not see the charts as well.
function bestTable(place, data) {
  const holder = document.createElement("div");
  holder.className = "scroll";
  Object.assign(holder, { tabIndex: 0, role: "region", ariaLabel: "The best trials that pass" });
  const table = holder.appendChild(document.createElement("table"));
  table.createCaption().textContent = "The best trials that pass";
  const row = table.createTHead().insertRow();
  const titles = data.axes.map((axis) => axis.title);
  for (const title of ["Tuner", titles.pop(), "Replicate", "Trial", ...titles]) {
    row.append(Object.assign(document.createElement("th"), { scope: "col", textContent: title }));
  }
  const body = table.createTBody();
  place.querySelector(".matches").after(holder);
  return (passed) => {
    const turn = data.highest ? -1 : 1;
    const order = [...passed].sort((a, b) => turn * (scores(data)[a] - scores(data)[b])).slice(0, SHOWN);
    body.replaceChildren();
    for (const one of order) {
      const cells = body.insertRow();
      const values = data.values.map((column) => column[one] ?? "–");
      const texts = [data.tuners[data.tuner[one]], values.pop(), data.replicate[one], data.trial[one], ...values];
      const ahead = texts.length - values.length;
      texts.forEach((text, place) => {
        const cell = cells.insertCell();
        cell.textContent = typeof text === "number" ? brief(text) : text;
        const absent = place >= ahead && !data.axes[place - ahead].options.length;
        if (typeof text === "number" || absent) cell.className = "number";
      });
    }
  };
}
