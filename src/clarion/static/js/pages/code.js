// The text area of a message: numbered lines, jumps to a line, beginnings for each way of writing.
import { find, findAll, on } from "../dom.js";

const area = find("[data-code] textarea");

function numberLines() {
  const lines = area.value.split("\n").length;
  const gutter = find(".code__lines");
  const bad = new Set((find("[data-code]").dataset.badLines || "").split(",").filter(Boolean));
  if (gutter.childElementCount !== lines || gutter.dataset.bad !== [...bad].join()) {
    gutter.dataset.bad = [...bad].join();
    gutter.replaceChildren(
      ...Array.from({ length: lines }, (_none, index) => {
        const line = document.createElement("span");
        line.textContent = index + 1;
        if (bad.has(String(index + 1))) line.dataset.bad = "";
        return line;
      }),
    );
  }
  gutter.scrollTop = area.scrollTop;
}

function addGutter() {
  const box = document.createElement("div");
  box.className = "code";
  const gutter = document.createElement("div");
  gutter.className = "code__lines";
  gutter.setAttribute("aria-hidden", "true");
  area.before(box);
  box.append(gutter, area);
  // Whoever finds out which lines are bad says so by an event.
  for (const event of ["input", "lines"]) area.addEventListener(event, numberLines);
  area.addEventListener("scroll", () => (gutter.scrollTop = area.scrollTop));
  numberLines();
}

function goToLine(line) {
  const before = area.value.split("\n").slice(0, line - 1).join("\n");
  const start = before.length + (line > 1 ? 1 : 0);
  const end = area.value.indexOf("\n", start);
  area.focus();
  area.setSelectionRange(start, end < 0 ? area.value.length : end);
  area.scrollTop = Math.max(0, (line - 6) * Number.parseFloat(getComputedStyle(area).lineHeight));
}

// A beginning that nobody has touched gives way to the one of the chosen way of writing. Blocks are no text that one
// goes on with, so what was written before stays with its own way.
const starters = JSON.parse(find("[data-starters]")?.dataset.starters || "{}");
const kept = {};
let mode = find("[name=mode]:checked")?.value;
const isTouched = () => area.value.trim() && !Object.values(starters).includes(area.value);
on("change", "[data-starters] [name=mode]", (_event, choice) => {
  kept[mode] = area.value;
  if (!isTouched() || "blocks" === mode || "blocks" === choice.value) area.value = kept[choice.value] ?? starters[choice.value];
  mode = choice.value;
  numberLines();
});

function replaceAll(pairs) {
  area.value = pairs.reduce((text, [char, instead]) => text.replaceAll(char, instead), area.value);
  area.dispatchEvent(new Event("input", { bubbles: true }));
}
on("click", "[data-replace]", (_event, button) => replaceAll([[button.dataset.replace, button.dataset.with]]));
on("click", "[data-replace-all]", () =>
  replaceAll(findAll("[data-replace]").map((one) => [one.dataset.replace, one.dataset.with])),
);

if (area) addGutter();
on("click", "[data-go-to-line]", (_event, button) => goToLine(Number(button.dataset.goToLine)));
