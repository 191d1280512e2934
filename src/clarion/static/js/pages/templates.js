// The template editor: numbered lines, jumps to a line, and a preview that follows what is typed.
import { find, findAll, on } from "../dom.js";

const form = find("[data-template-form]");
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
  area.addEventListener("input", numberLines);
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

// A new frame each time: posting into one that has a document would add a step to the browser's history.
function showFrame() {
  if (!find("[data-stage]")) return;
  const button = find("[data-preview-button]");
  const old = find(".preview__frame");
  const frame = old.cloneNode(false);
  frame.removeAttribute("src");
  old.replaceWith(frame);
  const target = { action: form.action, target: form.target };
  form.action = button.formAction;
  form.target = "preview";
  form.submit();
  Object.assign(form, target);
}

function refresh() {
  htmx.trigger("#check", "refresh");
  showFrame();
}

// A beginning that nobody has touched gives way to the one of the chosen way of writing. Blocks are no text that one
// goes on with, so what was written before stays with its own way.
const starters = JSON.parse(form?.dataset.starters || "{}");
const kept = {};
let mode = find("[name=mode]:checked")?.value;
const isTouched = () => area.value.trim() && !Object.values(starters).includes(area.value);
on("change", "[data-starters] [name=mode]", (_event, choice) => {
  kept[mode] = area.value;
  if (!isTouched() || "blocks" === mode || "blocks" === choice.value) area.value = kept[choice.value] ?? starters[choice.value];
  mode = choice.value;
  numberLines();
});

// Each channel has its own ways of writing: an editor in which nothing was written gives way to the channel's.
on("change", "[data-new] [name=channel]", (_event, choice) => {
  if (isTouched()) return;
  const name = encodeURIComponent(find("[name=name]").value);
  location.assign(`${form.dataset.new}?channel=${choice.value}&name=${name}`);
});

function replaceAll(pairs) {
  area.value = pairs.reduce((text, [char, instead]) => text.replaceAll(char, instead), area.value);
  numberLines();
  refresh();
}
on("click", "[data-replace]", (_event, button) => replaceAll([[button.dataset.replace, button.dataset.with]]));
on("click", "[data-replace-all]", () =>
  replaceAll(findAll("[data-replace]").map((one) => [one.dataset.replace, one.dataset.with])),
);

let waiting = 0;
function soon() {
  clearTimeout(waiting);
  waiting = setTimeout(refresh, 600);
}

if (area) addGutter();
if (form && find("[data-preview-button]")) {
  form.addEventListener("input", soon);
  for (const choice of findAll("[form=template-form]:is(select, input)")) choice.addEventListener("change", refresh);
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id !== "check") return;
    const lines = findAll("[data-go-to-line]", event.target).map((button) => button.dataset.goToLine);
    find("[data-code]").dataset.badLines = lines.join();
    numberLines();
  });
  // Modules run before htmx has looked at the page.
  window.addEventListener("load", refresh);
}
on("click", "[data-go-to-line]", (_event, button) => goToLine(Number(button.dataset.goToLine)));
