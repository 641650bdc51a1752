// Asks for the state of one endpoint every few seconds, and shows it.

import { Canary, canaryOf, spoken } from "./canary.js";
import { Chart, colourOf, dashOf } from "./charts.js";
import { NONE, clock, count, element, milliseconds, percent, perSecond, setText, Table, when } from "./parts.js";
import { headers, signIn } from "./token.js";

const EVERY = 3000;
const AFTER_FAILURE = 10000;
const PATIENCE = 15000;
const FEW = 6;

const at = (id) => document.getElementById(id);
const query = new URLSearchParams(location.search);
const state = { endpoint: query.get("endpoint"), window: "900", timer: 0, paused: false, last: null };

const canary = new Canary(at("canary"), at("canary-body"));
const versions = new Table("Versions", ["Version", "Share", "Requests", "Errors", "95 % within", "Per second", "Answered", "Median", "99 % within", "Workers"]);
at("versions").append(versions.node);
const shadows = new Table("Shadows", ["Version", "Copied", "Copies", "Agree", "Errors", "95 % within", "Dropped"]);
at("shadows").append(shadows.node);
const charts = {
  requests: new Chart(at("requests"), { title: "Requests per second", note: "Answered by each version; dotted lines are commits.", format: perSecond }),
  errors: new Chart(at("errors"), { title: "Errors", note: "The share of requests that got a 5xx status.", format: percent }),
  latency: new Chart(at("latency"), { title: "Latency", note: "95 % of requests were answered within it.", format: milliseconds }),
};

// -- asking ----------------------------------------------------------------------------------------------

async function ask() {
  const asked = new URLSearchParams({ window: state.window });
  if (state.endpoint !== null) asked.set("endpoint", state.endpoint);
  const answer = await fetch(`/page/data.json?${asked}`, { headers: headers(), signal: AbortSignal.timeout(PATIENCE) });
  return { status: answer.status, body: await answer.json() };
}

// Whether there was an answer that we may have.
async function refresh() {
  clearTimeout(state.timer);
  let pause = EVERY;
  let known = true;
  try {
    const { status, body } = await ask();
    known = take(status, body);
  } catch {
    pause = AFTER_FAILURE;
    lost("The server does not answer.");
  }
  if (!state.paused && known) state.timer = setTimeout(next, pause);
  return known;
}

// Nobody looks at a hidden tab, and text that somebody is selecting stays.
function next() {
  if (document.hidden || getSelection()?.type === "Range") {
    state.timer = setTimeout(next, EVERY);
  } else {
    refresh();
  }
}

function take(status, body) {
  at("sign-in").hidden = status !== 401;
  at("reading").hidden = true;
  if (status === 401) {
    at("shown").hidden = true;
    at("token").focus();
    return false;
  }
  if (status !== 200) {
    lost(String(body.error ?? body.message ?? `The server answers ${status}.`));
    return true;
  }
  at("lost").hidden = true;
  at("shown").hidden = false;
  state.last = body;
  show(body);
  return true;
}

function lost(what) {
  const since = state.last ? ` What is shown is of ${clock(Date.parse(state.last.time) / 1000)}.` : "";
  at("reading").hidden = true;
  at("lost").hidden = false;
  const all = state.endpoint !== null && !state.last ? element("a", { href: "/page" }, "All endpoints") : null;
  const words = `${what}${since} `;
  if (at("lost").dataset.words !== words) at("lost").replaceChildren(words, ...(all ? [all] : []));
  at("lost").dataset.words = words;
}

// -- showing ---------------------------------------------------------------------------------------------

function show(data) {
  const endpoint = data.endpoint && { ...data.endpoint, canary: canaryOf(data.endpoint) };
  showEndpoints(data.endpoints, endpoint?.name);
  setText(at("name"), endpoint?.name ?? "No endpoints");
  document.title = endpoint ? `${endpoint.name} · regolo-git` : "Endpoints · regolo-git";
  showNotices(data, endpoint);
  setText(at("updated"), `As of ${clock(Date.parse(data.time) / 1000)}`);
  for (const section of document.querySelectorAll("#shown > section, #windows")) section.hidden = !endpoint;
  if (!endpoint) {
    setText(at("about"), "Nothing is served at present: git regolo endpoint create ENDPOINT MODEL@V");
    return;
  }
  const about = [`Model ${endpoint.model}`, endpoint.environment ? `follows ${endpoint.environment}` : "", endpoint.state.state];
  setText(at("about"), about.filter(Boolean).join(" · "));
  const order = [...new Set([...Object.keys(endpoint.metrics), ...Object.keys(endpoint.series.versions)])];
  order.sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  showSplit(endpoint, order);
  canary.show(endpoint.canary, at("canary-title"));
  showSeries(endpoint, order, Date.parse(data.time) / 1000);
  showCommits(endpoint.changes);
}

function showEndpoints(names, current) {
  at("endpoints").hidden = names.length < 2;
  const key = JSON.stringify([names, current]);
  if (at("endpoints").dataset.key === key) return;
  at("endpoints").dataset.key = key;
  const links = names.map((name) =>
    element("a", { href: `/page?${new URLSearchParams({ endpoint: name })}`, "aria-current": name === current ? "page" : null }, name));
  at("endpoints").replaceChildren(...links);
}

function showNotices(data, endpoint) {
  const found = [];
  if (endpoint?.canary?.waiting && !endpoint.canary.over) found.push(["bad", "Waiting", endpoint.canary.waiting]);
  if (endpoint && endpoint.withheld !== null) {
    found.push(["bad", "Withheld", `Version ${endpoint.withheld} gets no requests here, whatever the branch says, until the split is changed.`]);
  }
  if (data.problem) found.push(["bad", "Branch", data.problem]);
  const problem = endpoint?.state?.problem;
  if (problem) found.push(["bad", "Last good split in effect", endpoint.state.hint ? `${problem} (hint: ${endpoint.state.hint})` : problem]);
  for (const [version, held] of Object.entries(endpoint?.state?.versions ?? {})) {
    if (held.problem) found.push(["open", `Version ${version}`, held.problem]);
  }
  const key = JSON.stringify([found, spoken(endpoint?.canary)]);
  if (at("notices").dataset.key === key) return;
  at("notices").dataset.key = key;
  at("notices").replaceChildren(
    ...found.map(([kind, title, text]) => element("p", { className: `notice ${kind}` }, element("strong", {}, title), " ", ...withCommand(text))),
    element("span", { className: "unseen" }, spoken(endpoint?.canary)),
  );
}

// A command at the end of a text, apart from it: broken at a hyphen, it would be read as another one.
function withCommand(text) {
  const found = /^(.*) \(hint: (.*)\)$/s.exec(text);
  return found ? [`${found[1]}: `, element("code", { className: "command" }, found[2])] : [text];
}

// The share that a version has here: one that is withheld has none, whatever the branch says.
function shareOf(endpoint, version) {
  const weight = endpoint.metrics[version]?.weight ?? 0;
  if (endpoint.withheld === null) return weight;
  if (endpoint.withheld === version) return 0;
  const rest = 1 - (endpoint.metrics[endpoint.withheld]?.weight ?? 0);
  return rest > 0 ? weight / rest : 0;
}

function showSplit(endpoint, order) {
  const parts = order.map((version, index) => {
    const part = element("span", { className: `part ${colourOf(index)}` });
    const weight = shareOf(endpoint, version);
    part.style.flexGrow = String(weight);
    part.hidden = !(weight > 0);
    return part;
  });
  at("bar").replaceChildren(...parts);
  versions.show(order.map((version, index) => versionRow(endpoint, version, index)));
  const copied = order.filter((version) => endpoint.metrics[version]?.shadow);
  at("shadows").hidden = copied.length === 0;
  shadows.show(copied.map((version) => shadowRow(version, endpoint.metrics[version].shadow)));
}

// Rates over nothing are null.
function shadowRow(version, held) {
  const agree = held.compared ? `${percent(held.agreement)} of ${count(held.compared)}` : NONE;
  return [version, percent(held.share), count(held.copies), agree,
    percent(held.error_rate ?? NaN), milliseconds((held.latency_p95 ?? NaN) * 1000), count(held.dropped)];
}

function versionRow(endpoint, version, index) {
  const held = endpoint.metrics[version] ?? {};
  const running = endpoint.state.versions[version];
  const label = element("span", { className: "version" }, element("span", { className: `dot ${colourOf(index)}`, "aria-hidden": "true" }), version);
  const errors = element("span", {}, percent(held.error_rate));
  if (held.errors) errors.append(" ", element("span", { className: "quiet" }, `(${count(held.errors)})`));
  const seconds = (value) => milliseconds(value === null || value === undefined ? NaN : value * 1000);
  return [label, running ? percent(shareOf(endpoint, version)) : NONE, count(held.requests), errors, seconds(held.latency_p95), perSecond(held.rps ?? NaN),
    percent(held.observed_share ?? NaN), seconds(held.latency_p50), seconds(held.latency_p99),
    running ? workersOf(running) : NONE];
}

// A version whose workers crash and come back has all of them most of the time.
function workersOf({ ready, replicas, restarts }) {
  const cell = element("span", {}, `${ready} of ${replicas}`);
  if (restarts) cell.append(" ", element("span", { className: "quiet" }, `(${count(restarts)} ${restarts === 1 ? "restart" : "restarts"})`));
  return cell;
}

function showSeries(endpoint, order, now) {
  const { series } = endpoint;
  const step = series.step_seconds;
  const commits = (endpoint.changes?.events ?? []).map((event) => Date.parse(event.when) / 1000);
  const drawn = order.filter((version) => series.versions[version]);
  const lines = (value) => drawn.map((version) => {
    const index = order.indexOf(version);
    const held = series.versions[version];
    return { label: version, colour: colourOf(index), dash: dashOf(index), values: series.time.map((_, spot) => value(held, spot)) };
  });
  const common = { times: series.time, marks: commits, span: [now - shownSeconds(endpoint), now], empty: "No requests in this time." };
  const says = (name, form) => drawn.map((version) => `${version}: ${form(endpoint.metrics[version]?.[name] ?? NaN)}.`).join(" ");
  charts.requests.show({ ...common, lines: lines((held, spot) => held.requests[spot] / step), summary: says("rps", perSecond) });
  charts.errors.show({ ...common, lines: lines((held, spot) => (held.requests[spot] ? held.errors[spot] / held.requests[spot] : null)),
    range: errorRange(drawn, series), summary: says("error_rate", percent) });
  charts.latency.show({ ...common, lines: lines((held, spot) => held.p95_ms[spot]), summary: says("latency_p95", (value) => milliseconds(value * 1000)) });
}

// A young server has not counted for the whole window.
const shownSeconds = (endpoint) => Math.min(endpoint.window_seconds, Math.max(120, endpoint.counted_seconds));

// Up to 1 % at least, so that one error among thousands does not look like an outage.
function errorRange(drawn, series) {
  const shares = drawn.flatMap((version) => {
    const held = series.versions[version];
    return held.requests.map((requests, spot) => (requests ? held.errors[spot] / requests : 0));
  });
  return [0, Math.min(1.02, Math.max(0.01, ...shares) * 1.15)];
}

function showCommits(changes) {
  const key = JSON.stringify(changes);
  if (at("commits").dataset.key === key) return;
  at("commits").dataset.key = key;
  if (changes === null) {
    at("commits").replaceChildren(element("p", { className: "empty" }, "Reading the history …"));
    return;
  }
  const shown = [];
  const [first, rest] = [changes.events.slice(0, FEW), changes.events.slice(FEW)];
  if (first.length) shown.push(element("ol", { className: "commits" }, ...first.map(commitItem)));
  if (rest.length) shown.push(element("details", {}, element("summary", {}, `${rest.length} more`), element("ol", { className: "commits" }, ...rest.map(commitItem))));
  if (changes.events.length >= changes.most) shown.push(element("p", { className: "quiet" }, `The newest ${changes.most}. All: git regolo endpoint history ENDPOINT`));
  if (!changes.events.length && !changes.problem) shown.push(element("p", { className: "empty" }, "No commit has this endpoint."));
  if (changes.problem) shown.push(element("p", { className: "notice open" }, changes.problem));
  at("commits").replaceChildren(...shown);
}

function commitItem(event) {
  const traffic = event.traffic
    ? Object.entries(event.traffic).map(([version, share]) => `${version} ${percent(share)}`).join(", ")
    : "deleted";
  return element("li", {},
    element("p", { className: "message" }, event.message),
    element("p", { className: "split" }, element("span", { className: "action" }, event.action), ` ${traffic}`),
    ...(event.evidence ? [element("p", { className: "quiet" }, event.evidence)] : []),
    element("p", { className: "quiet" }, element("time", { dateTime: event.when }, when(event.when)), ` · ${event.by} · `, element("code", {}, event.commit.slice(0, 10))));
}

// -- the hand of whoever looks ---------------------------------------------------------------------------

at("windows").addEventListener("change", (event) => {
  state.window = event.target.value;
  refresh();
});
at("pause").addEventListener("click", () => {
  state.paused = !state.paused;
  at("pause").setAttribute("aria-pressed", String(state.paused));
  if (state.paused) clearTimeout(state.timer);
  else refresh();
});
signIn(at("sign-in"), refresh);
refresh();
