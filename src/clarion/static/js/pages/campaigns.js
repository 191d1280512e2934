// The list of campaigns: the rail follows the address, the tiles the rows' live answers, and menus come when asked for.
import { find, findAll, on, ready, shown } from "../dom.js";

function count() {
  const counts = new Map((find("[data-counts]")?.dataset.counts || "").split(",").map((pair) => pair.split(":")));
  for (const input of findAll("[data-filters] input[name=status]")) {
    const number = find("em", input.closest("label"));
    if (number) number.textContent = shown(Number(counts.get(input.value) || 0));
  }
}

// After sorting, paging and going back: the address says what the rail and the forms must say.
function follow() {
  const query = new URLSearchParams(location.search);
  for (const input of findAll("[data-filters] input")) {
    if (input.type === "checkbox") input.checked = query.getAll(input.name).includes(input.value);
    else if (input.type === "radio") input.checked = (query.get(input.name) || "") === input.value;
    else if (input !== document.activeElement) input.value = query.get(input.name) || "";
  }
  for (const here of findAll("[data-here]")) here.value = location.pathname + location.search;
}

function close(link) {
  link.removeAttribute("aria-controls");
  link.setAttribute("aria-expanded", "false");
}

// A row's menu is fetched at the first click and stands beside its button, so that one drawn anew loses it.
async function open(link) {
  find("#row-menu")?.remove();
  await htmx.ajax("GET", link.href.replace(/info\/$/, "menu/"), { source: link, target: link, swap: "afterend" });
  const menu = find("#row-menu");
  if (!menu) return;
  link.setAttribute("aria-controls", menu.id);
  link.setAttribute("aria-expanded", "true");
  menu.addEventListener("toggle", (event) => event.newState === "closed" && close(link));
  menu.showPopover();
  find("a, button", menu)?.focus();
}

ready(() => {
  for (const link of findAll("[data-row-menu]:not([role])")) {
    link.setAttribute("role", "button");
    link.setAttribute("aria-haspopup", "true");
    link.setAttribute("aria-expanded", "false");
  }
});
on("click", "[data-row-menu]", (event, link) => {
  if (!globalThis.htmx || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  if (link.getAttribute("aria-expanded") === "true") find("#row-menu")?.hidePopover();
  else open(link);
});
on("keydown", "[data-row-menu]", (event, link) => {
  if (event.key !== " " && event.key !== "ArrowDown") return;
  event.preventDefault();
  open(link);
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id === "results") count();
});
for (const name of ["htmx:pushedIntoHistory", "htmx:historyRestore"]) document.addEventListener(name, follow);
document.addEventListener("live", (event) => {
  for (const [key, value] of Object.entries(event.detail.values || {})) {
    const figure = find(`[data-campaign-figures] [data-live="${CSS.escape(key)}"]`);
    if (figure) figure.textContent = shown(value);
  }
});
