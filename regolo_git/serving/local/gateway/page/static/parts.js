// Elements, numbers as people read them, and tables.  Text only ever becomes text, never markup.

export const NONE = "–";

export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined) continue;
    if (key in made && key !== "role") made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const counts = new Intl.NumberFormat("en");

export const count = (value) => (Number.isFinite(value) ? counts.format(value) : NONE);

// A share as a percentage: as many digits as tell 0.2 % from 0.25 %.
export function percent(share) {
  if (!Number.isFinite(share)) return NONE;
  const value = share * 100;
  if (value === 0 || value === 100) return `${value} %`;
  if (value < 0.01) return "< 0.01 %";
  if (value > 99.99) return "> 99.99 %";
  return `${Number(value.toFixed(value < 1 || value > 99 ? 2 : 1))} %`;
}

// Three digits, or as many as are before the point.
const brief = (value) => (Math.abs(value) >= 100 ? count(Math.round(value)) : String(Number(value.toPrecision(3))));

export function milliseconds(value) {
  if (!Number.isFinite(value)) return NONE;
  return value >= 1000 ? `${brief(value / 1000)} s` : `${brief(value)} ms`;
}

export const perSecond = (value) => (Number.isFinite(value) ? brief(value) : NONE);

export const number = (value, digits = 2) => (Number.isFinite(value) ? value.toFixed(digits).replace("-", "−") : NONE);

const two = (value) => String(value).padStart(2, "0");

export function clock(seconds, withSeconds = true) {
  const time = new Date(seconds * 1000);
  const minutes = `${two(time.getHours())}:${two(time.getMinutes())}`;
  return withSeconds ? `${minutes}:${two(time.getSeconds())}` : minutes;
}

// A date and time of this place.
export function when(text) {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) return String(text);
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}`;
}

// A table that scrolls by itself where it is too wide; the first column has the names of the rows.
export class Table {
  constructor(caption, columns) {
    this.body = element("tbody");
    const heads = columns.map((title) => element("th", { scope: "col" }, title));
    const table = element(
      "table",
      {},
      element("caption", { className: "unseen" }, caption),
      element("thead", {}, element("tr", {}, ...heads)),
      this.body,
    );
    this.node = element("div", { className: "scroll", tabIndex: 0, role: "region", "aria-label": caption }, table);
  }

  // Rows of cells: text, or elements.
  show(rows) {
    this.body.replaceChildren(
      ...rows.map(([name, ...cells]) =>
        element("tr", {}, element("th", { scope: "row" }, name), ...cells.map((cell) => element("td", {}, cell))),
      ),
    );
  }
}

// Sets text only if it differs, so that a screen reader hears what has changed and nothing else.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
