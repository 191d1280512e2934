// The calendar: leafing with the arrow keys, and moving what is scheduled, by drag or by keyboard.
import { csrf, find, findAll, on, toast } from "../dom.js";

let picked = null;
let target = null;

const sheet = () => find("[data-calendar]");
const cells = () => findAll("[data-date]", sheet());

function say(key, words) {
  const said = find("[data-calendar-said]", sheet());
  if (said) said.textContent = (said.dataset[key] || "").replace("%s", words || "");
}

function aim(cell) {
  target?.removeAttribute("data-target");
  target = cell;
  target?.setAttribute("data-target", "");
}

function pick(event) {
  picked = event;
  event.dataset.picked = "";
}

function drop() {
  aim(null);
  if (picked) delete picked.dataset.picked;
  delete sheet().dataset.dragging;
  picked = null;
}

// The server says what the move would be, or why it cannot be; the dialog asks; the form is then sent.
async function ask(event, day) {
  if (day === event.dataset.day) return;
  const form = find("#calendar-move");
  form.action = event.dataset.move;
  form.elements.from.value = event.dataset.from;
  form.elements.day.value = day;
  const data = new FormData(form);
  data.set("ask", "1");
  const answer = await fetch(form.action, { method: "POST", body: data, headers: { "X-CSRFToken": csrf() } }).catch(() => null);
  if (!answer?.ok) return toast(document.body.dataset.errorText, "error");
  const said = await answer.json();
  if (said.refused) {
    toast(said.refused, "error");
    return event.focus();
  }
  form.dataset.confirm = said.title;
  form.dataset.confirmText = said.text;
  form.dataset.confirmFacts = said.facts;
  form.dataset.confirmLabel = said.label;
  form.requestSubmit();
}

on("dragstart", "[data-move]", (event, one) => {
  pick(one);
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", one.textContent.trim());
  // Later, since a browser gives up a drag whose source stops taking events at once.
  setTimeout(() => picked && (sheet().dataset.dragging = ""), 0);
});
on("dragover", "[data-calendar] [data-date]", (event, cell) => {
  if (!picked) return;
  event.preventDefault();
  if (cell !== target) aim(cell);
});
on("drop", "[data-calendar] [data-date]", (event, cell) => {
  if (!picked) return;
  event.preventDefault();
  const one = picked;
  drop();
  ask(one, cell.dataset.date);
});
on("dragend", "[data-move]", () => picked && drop());

function carry(key) {
  const days = cells();
  const rtl = document.documentElement.dir === "rtl" ? -1 : 1;
  const steps = { ArrowLeft: -rtl, ArrowRight: rtl, ArrowUp: -7, ArrowDown: 7 };
  const next = days[days.indexOf(target) + steps[key]];
  if (!next) return;
  aim(next);
  next.scrollIntoView({ block: "nearest" });
  say("at", find(".calendar__name", next).textContent);
}

function leaf(key) {
  const rtl = document.documentElement.dir === "rtl";
  const names = { ArrowLeft: rtl ? "next" : "previous", ArrowRight: rtl ? "previous" : "next", t: "today" };
  find(`[data-leaf=${names[key]}]`, sheet())?.click();
}

function walk(from, step) {
  const all = findAll(".event", sheet());
  all[all.indexOf(from) + step]?.focus();
}

function whileCarrying(event) {
  if (event.key.startsWith("Arrow")) carry(event.key);
  else if (event.key === "Enter") {
    const [one, day] = [picked, target.dataset.date];
    drop();
    ask(one, day);
  } else if (event.key === "Escape" || event.key === "Tab") {
    say("dropped");
    drop();
  } else return;
  event.preventDefault();
}

document.addEventListener("keydown", (event) => {
  const here = event.target instanceof Element ? event.target : document.body;
  if (!sheet() || event.ctrlKey || event.metaKey || event.altKey || find("dialog[open]")) return;
  if (here.matches("input, textarea, select")) return;
  if (picked) return whileCarrying(event);
  const one = here.closest(".event");
  if (one?.matches("[data-move]") && event.key.toLowerCase() === "m") {
    pick(one);
    aim(cells().find((cell) => cell.dataset.date === one.dataset.day) || one.closest("[data-date]"));
    say("picked", find(".event__name", one).textContent);
  } else if (one && ["ArrowUp", "ArrowDown"].includes(event.key)) walk(one, event.key === "ArrowUp" ? -1 : 1);
  else if (["ArrowLeft", "ArrowRight", "t"].includes(event.key)) leaf(event.key);
  else return;
  event.preventDefault();
});

// After a move the focus is on what was moved.
if (location.hash.startsWith("#on-")) document.getElementById(location.hash.slice(1))?.focus();
