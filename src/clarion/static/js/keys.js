// One-letter shortcuts, only while nothing is being typed.
import { find, findAll } from "./dom.js";

const typing = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";

function step(direction) {
  const rows = findAll(".table__link");
  if (rows.length === 0) return;
  const now = rows.indexOf(document.activeElement);
  const next = Math.max(0, Math.min(rows.length - 1, now + direction));
  rows[next].focus();
  rows[next].closest("tr")?.scrollIntoView({ block: "nearest" });
}

const keys = {
  "/": () => findAll("[data-key=search]").findLast((field) => field.offsetParent)?.focus(),
  j: () => step(1),
  k: () => step(-1),
  x: () => document.activeElement?.closest("tr")?.querySelector(".table__select input")?.click(),
  i: () => document.activeElement?.closest("tr")?.querySelector("[data-drawer], [data-row-menu]")?.click(),
  n: () => find("a[data-key=new]")?.click(),
  "?": () => find("#keys")?.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.target instanceof Element && (event.target.matches(typing) || find("dialog[open]"))) return;
  const action = keys[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});
