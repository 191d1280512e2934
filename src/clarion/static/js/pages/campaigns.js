// The list of campaigns: the rail's counts follow the results, and the tiles the rows' live answers.
import { find, findAll, shown } from "../dom.js";

function count() {
  const counts = new Map((find("[data-counts]")?.dataset.counts || "").split(",").map((pair) => pair.split(":")));
  for (const input of findAll("[data-filters] input[name=status]")) {
    const number = find("em", input.closest("label"));
    if (number) number.textContent = shown(Number(counts.get(input.value) || 0));
  }
}

// Going back after filtering: the address says what the rail must say.
function follow() {
  const query = new URLSearchParams(location.search);
  for (const input of findAll("[data-filters] input:not([type=hidden])")) {
    if (input.type === "checkbox") input.checked = query.getAll(input.name).includes(input.value);
    else if (input.type === "radio") input.checked = (query.get(input.name) || "") === input.value;
    else input.value = query.get(input.name) || "";
  }
}

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id === "results") count();
});
document.addEventListener("htmx:historyRestore", follow);
document.addEventListener("live", (event) => {
  for (const [key, value] of Object.entries(event.detail.values || {})) {
    const figure = find(`[data-campaign-figures] [data-live="${CSS.escape(key)}"]`);
    if (figure) figure.textContent = shown(value);
  }
});
