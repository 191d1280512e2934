// Filter chips clear their field of the filter form, so list, chips and form never disagree; URLs stay short.
import { find, findAll, on } from "./dom.js";

on("click", "[data-filter-remove]", (event, link) => {
  const form = find("[data-filters]");
  if (!form || !globalThis.htmx) return;
  event.preventDefault();
  const name = link.dataset.filterRemove;
  for (const input of findAll("input:not([type=hidden]), select", form)) {
    if (name !== "*" && input.name !== name) continue;
    if (input.type === "checkbox") {
      if (name === "*" || input.value === link.dataset.value) input.checked = false;
    } else if (input.type === "radio") input.checked = input.value === "";
    else input.value = "";
  }
  htmx.trigger(form, "submit");
});

on("click", "[data-rail-toggle]", (_event, button) => {
  const rail = find("[data-filters]");
  const open = rail.toggleAttribute("data-open");
  button.setAttribute("aria-expanded", String(open));
  if (open) rail.scrollIntoView({ block: "nearest" });
});

document.addEventListener("htmx:configRequest", (event) => {
  if (!event.detail.elt.matches("[data-filters]")) return;
  const parameters = event.detail.parameters;
  for (const key of new Set(parameters.keys())) {
    const kept = parameters.getAll(key).filter((value) => value !== "");
    parameters.delete(key);
    for (const value of kept) parameters.append(key, value);
  }
});

// Typing on in the search replaces the entry that it made in the browser's history: one for each search, not for
// each letter. What leads to the page that is open already, such as leaving the field, makes none.
let isTyped = false;
document.addEventListener("htmx:beforeHistoryUpdate", (event) => {
  const { history, requestConfig } = event.detail;
  const isFilter = requestConfig?.elt.matches("[data-filters]");
  const isTyping = isFilter && requestConfig.triggeringEvent?.type === "input";
  const isHere = new URL(history.path ?? "", location).href === location.href;
  if (isFilter && history.type === "push" && ((isTyping && isTyped) || isHere)) history.type = "replace";
  if (!isHere) isTyped = isTyping;
});
