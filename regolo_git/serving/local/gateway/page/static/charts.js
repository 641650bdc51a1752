// Line charts over time, drawn by uPlot (uplot.LICENSE), each with a legend and a table of the same numbers.

import { clock, element, Table } from "./parts.js";

const HEIGHT = 200;
const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3], [5, 5], [1, 4]];
export const COLOURS = 6;

const dark = matchMedia("(prefers-color-scheme: dark)");
const charts = new Set();
dark.addEventListener("change", () => charts.forEach((chart) => chart.rebuild()));

const styled = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// A swatch as the line is drawn: colour is not the only sign.
function swatch(line) {
  const node = element("span", { className: `swatch ${line.colour}`, "aria-hidden": "true" });
  if (line.dash && line.dash.length) node.classList.add("dashed");
  return node;
}

export const dashOf = (index) => DASHES[index % DASHES.length];
export const colourOf = (index) => `c${index % COLOURS}`;

export class Chart {
  // `format` writes a value with its unit; `note` says what is drawn.
  constructor(place, { title, note, format, heading = "h2" }) {
    this.format = format;
    this.title = title;
    this.canvas = element("div", { className: "canvas", role: "img" });
    this.legend = element("ul", { className: "legend" });
    this.empty = element("p", { className: "empty" });
    this.note = note ? element("p", { className: "quiet" }, note) : null;
    this.details = element("details", {}, element("summary", {}, "Table"));
    this.table = null;
    this.plot = null;
    this.key = "";
    place.append(
      element("figure", {}, element("figcaption", {}, element(heading, {}, title), ...(this.note ? [this.note] : [])),
        this.legend, element("div", { className: "stage" }, this.canvas, this.empty), this.details),
    );
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.canvas);
    charts.add(this);
  }

  // Ends the chart; its place is emptied by whoever has it.
  remove() {
    this.observer.disconnect();
    this.plot?.destroy();
    charts.delete(this);
  }

  // `lines` are {label, colour, dash, values}; `bounds` {value, label, colour}; `marks` times of commits.
  show({ times, lines, bounds = [], marks = [], range = null, summary, empty, span = null }) {
    this.shown = { times, lines, bounds, marks, range, span };
    const has = lines.some((line) => line.values.some(Number.isFinite));
    this.canvas.hidden = !has;
    this.empty.hidden = has;
    this.empty.textContent = empty;
    this.legend.hidden = !has;
    this.details.hidden = !has;
    this.canvas.setAttribute("aria-label", `${this.title}. ${summary}`);
    if (has) this.draw();
    this.fill();
  }

  draw() {
    const { lines, bounds, times } = this.shown;
    const key = JSON.stringify([dark.matches, lines.map((line) => [line.label, line.colour, line.dash]), bounds.length]);
    if (key !== this.key || !this.plot) {
      this.key = key;
      this.rebuild();
    } else {
      this.plot.setData([times, ...lines.map((line) => line.values)]);
    }
  }

  rebuild() {
    if (!this.shown || this.canvas.hidden) return;
    this.plot?.destroy();
    const { lines, times } = this.shown;
    this.legend.replaceChildren(
      ...lines.map((line) => element("li", {}, swatch(line), element("span", {}, line.label),
        element("output", { className: "value", "aria-hidden": "true" }))),
    );
    this.plot = new uPlot(this.options(), [times, ...lines.map((line) => line.values)], this.canvas);
  }

  options() {
    const grid = { stroke: styled("--grid"), width: 1 };
    const axis = { stroke: styled("--quiet"), grid, ticks: { show: false }, font: "12px system-ui, sans-serif" };
    return {
      width: Math.max(this.canvas.clientWidth, 120),
      height: HEIGHT,
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
      scales: {
        x: { time: true, range: () => this.shown.span ?? [this.shown.times[0], this.shown.times.at(-1)] },
        y: { range: (_, low, high) => this.shown.range ?? [0, high > 0 ? high * 1.1 : 1] },
      },
      axes: [
        { ...axis, size: 32, gap: 8, space: 76, values: (_, splits) => splits.map((time) => clock(time, splits[1] - splits[0] < 60)) },
        { ...axis, size: 62, space: 34, values: (_, splits) => splits.map((value) => this.format(value)) },
      ],
      series: [{}, ...this.shown.lines.map((line) => this.series(line))],
      hooks: { draw: [(plot) => this.drawOver(plot)], setCursor: [(plot) => this.read(plot)] },
    };
  }

  series(line) {
    const stroke = styled(`--${line.colour}`);
    const points = { show: true, size: 5, fill: stroke, filter: (_, index) => this.lone(index - 1) };
    return { stroke, width: line.width ?? 2, dash: line.dash, points, spanGaps: false };
  }

  // Values without neighbours, which no line can show.
  lone(index) {
    const { values } = this.shown.lines[index];
    return values.flatMap((value, at) =>
      Number.isFinite(value) && !Number.isFinite(values[at - 1]) && !Number.isFinite(values[at + 1]) ? [at] : []);
  }

  // The bounds of a decision, and thin lines where a commit changed the endpoint.
  drawOver(plot) {
    const { ctx, bbox } = plot;
    const pixels = devicePixelRatio;
    ctx.save();
    ctx.lineWidth = pixels;
    for (const time of this.shown.marks) {
      const x = plot.valToPos(time, "x", true);
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      this.stroke(ctx, styled("--mark"), [2 * pixels, 3 * pixels], [x, bbox.top, x, bbox.top + bbox.height]);
    }
    ctx.font = `600 ${12 * pixels}px system-ui, sans-serif`;
    ctx.textAlign = "left";
    const highest = Math.max(...this.shown.bounds.map((bound) => bound.value));
    for (const bound of this.shown.bounds) {
      const y = plot.valToPos(bound.value, "y", true);
      // Two bounds come near to each other where the evidence is large.
      const isAbove = bound.value === highest;
      ctx.textBaseline = isAbove ? "bottom" : "top";
      this.stroke(ctx, styled(`--${bound.colour}`), [6 * pixels, 4 * pixels], [bbox.left, y, bbox.left + bbox.width, y]);
      ctx.fillStyle = styled(`--${bound.colour}`);
      ctx.fillText(bound.label, bbox.left + 6 * pixels, y + (isAbove ? -3 : 3) * pixels);
    }
    ctx.restore();
  }

  stroke(ctx, colour, dash, [x1, y1, x2, y2]) {
    ctx.strokeStyle = colour;
    ctx.setLineDash(dash);
    ctx.beginPath();
    ctx.moveTo(x1, y1);
    ctx.lineTo(x2, y2);
    ctx.stroke();
  }

  // The values under the pointer, in the legend.
  read(plot) {
    const at = plot.cursor.idx;
    this.shown.lines.forEach((line, index) => {
      const value = at === null || at === undefined ? null : line.values[at];
      const output = this.legend.children[index]?.querySelector("output");
      if (output) output.textContent = at === null || at === undefined ? "" : this.format(value);
    });
  }

  fill() {
    const { times, lines } = this.shown;
    const columns = ["Time", ...lines.map((line) => line.label)];
    const key = columns.join("\n");
    if (!this.table || this.tableKey !== key) {
      this.table = new Table(this.title, columns);
      this.tableKey = key;
      this.details.querySelector(".scroll")?.remove();
      this.details.append(this.table.node);
    }
    // The newest first.
    const rows = times.map((time, at) => [clock(time), ...lines.map((line) => this.format(line.values[at]))]);
    this.table.show(rows.reverse());
  }

  resize() {
    if (this.plot && this.canvas.clientWidth) this.plot.setSize({ width: this.canvas.clientWidth, height: HEIGHT });
  }
}
