// The canary: what it says, how far its evidence is from each of its two bounds, and how it came there.

import { Chart } from "./charts.js";
import { NONE, count, element, number, percent, setText, Table, when } from "./parts.js";

const VERDICTS = { roll_back: ["Roll back", "bad"], promote: ["Promote", "good"], hold: ["Hold", "open"] };
const DIRECTIONS = [
  { name: "worse", colour: "bad", says: (canary) => `${canary.candidate} is worse`, then: "roll back", does: "rolls back" },
  { name: "not_worse", colour: "good", says: (canary) => `${canary.candidate} is not worse`, then: "promote", does: "promotes" },
];

// How a canary ended is what its last commit says, and not what was measured here before.
const OVER = { "canary-roll-back": ["Rolled back", "bad"], "canary-promote": ["Promoted", "good"], "canary-abort": ["Aborted", "open"] };

function wordOf(canary) {
  if (canary.problem) return ["No evidence here", "open"];
  if (canary.over) return OVER[canary.ending] ?? ["Ended", "open"];
  if (canary.is_fresh === false && canary.verdict?.kind !== "roll_back") return ["Not measured now", "open"];
  return VERDICTS[canary.verdict?.kind] ?? ["No verdict yet", "open"];
}

// The canary of an endpoint, joined from its record on the branch and the evidence on this machine.
export function canaryOf({ candidate, canary, changes }) {
  const ending = changes?.events.find((event) => event.action.startsWith("canary-"))?.action;
  if (!candidate) return canary && !canary.problem ? { ...canary, over: true, ending } : null;
  if (canary && (canary.problem || canary.candidate === candidate.version)) return { ...canary, held: candidate.held };
  const by = candidate.decided_by ? `The process that decides is ${candidate.decided_by}` : "No process decides yet: git regolo serve --canary";
  return { candidate: candidate.version, problem: `${candidate.version} is on trial. ${by}.` };
}

export function titleOf(metric) {
  if (metric.name === "error_rate") return "Errors";
  if (metric.name === "latency_over") return `Slower than ${metric.limit_ms ?? "?"} ms`;
  return String(metric.name);
}

const percentOf = (failures, requests) => (requests > 0 ? percent(failures / requests) : NONE);
const counted = (arm) => (arm ? `${count(arm.failures)} of ${count(arm.requests)} (${percentOf(arm.failures, arm.requests)})` : NONE);

// By the share, because the steps may have been edited since the candidate got it.
function shareOf({ share, steps, over }) {
  const at = Array.isArray(steps) ? steps.findIndex((step) => Math.abs(step - share) < 1e-9) : -1;
  if (at >= 0) return `${percent(share)}, step ${at + 1} of ${steps.length}`;
  if (over || !Array.isArray(steps)) return percent(share);
  return `${percent(share)}, not a step any more; next is ${percent(steps.find((step) => step > share) ?? 1)}`;
}

// How far evidence has come to its bound: drawn, with its numbers beside it.
function meter(evidence, bound, colour) {
  const share = Math.max(0, Math.min(1, evidence / bound));
  const fill = element("span", { className: `fill ${colour}` });
  fill.style.width = `${(share * 100).toFixed(1)}%`;
  return element("span", { className: "evidence" },
    element("span", { className: "meter", "aria-hidden": "true" }, fill),
    element("span", {}, `${number(evidence)} of ${number(bound)}`));
}

export class Canary {
  constructor(section, body) {
    this.section = section;
    this.body = body;
    this.charts = new Map();
    this.verdict = element("p", { className: "verdict" });
    this.reason = element("p", { className: "reason" });
    this.facts = element("dl", { className: "facts" });
    this.table = new Table("Evidence", ["Statement", "Evidence", "Baseline", "Candidate"]);
    this.explained = element("p", { className: "quiet" },
      "Evidence is the natural logarithm of an e-value: it starts at 0, rises with requests that speak for the ",
      "statement and falls with those that speak against it. At its bound the statement counts as shown.");
    this.places = element("div", { className: "charts" });
    body.append(this.verdict, this.reason, this.facts, this.table.node, this.explained, this.places);
  }

  // `title` is the section's heading: a canary that is over stays to be read.
  show(canary, title) {
    this.section.hidden = !canary;
    if (!canary) return;
    setText(title, canary.over ? "Last canary" : "Canary");
    const [word, kind] = wordOf(canary);
    this.verdict.className = `verdict ${kind}`;
    setText(this.verdict, word);
    setText(this.reason, String(canary.problem ?? canary.verdict?.reason ?? ""));
    for (const node of [this.facts, this.table.node, this.explained, this.places]) node.hidden = Boolean(canary.problem);
    if (canary.problem) return;
    this.showFacts(canary);
    this.showEvidence(canary);
    this.showCharts(canary);
  }

  showFacts(canary) {
    const facts = [
      ["Candidate", String(canary.candidate ?? NONE)],
      ["Baseline", String(canary.baseline ?? NONE)],
      ["Share", shareOf(canary)],
      ["This step since", canary.since ? when(canary.since) : NONE],
      ["Decided by", String(canary.decided_by ?? "nobody")],
      ...(canary.is_fresh === false && !canary.over ? [["Measured", "not any more: git regolo serve --canary"]] : []),
      ...(canary.held ? [["Held", `by a person; to go on: git regolo canary hold ${canary.endpoint} --resume`]] : []),
    ];
    this.facts.replaceChildren(...facts.map(([name, value]) =>
      element("div", {}, element("dt", {}, name), element("dd", {}, value))));
  }

  showEvidence(canary) {
    const metrics = canary.metrics ?? [];
    this.table.node.hidden = metrics.length === 0;
    this.table.show(metrics.map((metric) => {
      const direction = DIRECTIONS.find((each) => each.name === metric.direction);
      const says = direction ? `${direction.says(canary)}: ${direction.does}` : String(metric.direction);
      const statement = element("span", { className: "statement" }, titleOf(metric), element("span", { className: "quiet" }, says));
      return [statement, meter(metric.log_evidence, metric.bound, direction?.colour ?? "open"),
        counted(metric.baseline), counted(metric.candidate)];
    }));
  }

  showCharts(canary) {
    const groups = new Map();
    for (const metric of canary.metrics ?? []) {
      const key = keyOf(canary, metric);
      groups.set(key, [...(groups.get(key) ?? []), metric]);
    }
    for (const [key, chart] of this.charts) {
      if (groups.has(key)) continue;
      chart.remove();
      chart.place.remove();
      this.charts.delete(key);
    }
    for (const [key, metrics] of groups) this.chartOf(key, metrics[0]).show(evidenceOf(canary, key, metrics));
  }

  chartOf(name, metric) {
    if (!this.charts.has(name)) {
      const place = element("div", {});
      this.places.append(place);
      const chart = new Chart(place, { title: `Evidence: ${titleOf(metric)}`, heading: "h3", format: (value) => number(value, 1),
        note: "The dashed lines are the bounds; what is far below 0 is cut off." });
      chart.place = place;
      this.charts.set(name, chart);
    }
    return this.charts.get(name);
  }
}

// The name of a metric in the series: two limits of one metric are told apart by them.
function keyOf(canary, metric) {
  const limits = new Set(canary.metrics.filter((each) => each.name === metric.name).map((each) => each.limit_ms));
  return limits.size > 1 ? `${metric.name} ${metric.limit_ms} ms` : metric.name;
}

function evidenceOf(canary, name, metrics) {
  const points = (canary.series ?? []).filter((point) => Array.isArray(point.log_evidence?.[name]));
  const times = points.map((point) => Date.parse(point.time) / 1000);
  const bounds = [];
  const lines = DIRECTIONS.map((direction, at) => {
    const metric = metrics.find((each) => each.direction === direction.name);
    if (metric) bounds.push({ value: metric.bound, label: `${direction.then} at ${number(metric.bound, 1)}`, colour: direction.colour });
    return { label: direction.says(canary), colour: direction.colour, dash: at ? [8, 4] : [],
      values: points.map((point) => point.log_evidence[name][at]) };
  });
  const top = Math.max(...bounds.map((bound) => bound.value), ...lines.flatMap((line) => line.values.filter(Number.isFinite)), 1);
  const low = Math.min(0, ...lines.flatMap((line) => line.values.filter(Number.isFinite)));
  const summary = metrics.map((metric) =>
    `${metric.direction === "worse" ? "Worse" : "Not worse"}: ${number(metric.log_evidence)} of ${number(metric.bound)}.`).join(" ");
  // What is far below zero is as undecided as what is a little below it: the bounds keep their room.
  return { times, lines, bounds, summary, range: [Math.min(Math.max(low * 1.1, -top), -0.08 * top), top * 1.25],
    empty: "No block of requests has been judged yet." , span: span(times) };
}

const span = (times) => (times.length > 1 ? [times[0], times.at(-1)] : times.length ? [times[0] - 30, times[0] + 30] : null);

// The words for a screen reader, once for each change; reasons have counts, which change all the time.
export function spoken(canary) {
  if (!canary) return "";
  return `Canary: ${wordOf(canary)[0]}.`;
}

