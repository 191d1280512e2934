// Select-all and the bar that appears while rows are selected.
import { find, findAll } from "./dom.js";

function count(root) {
  const boxes = findAll("tbody .table__select input", root);
  const chosen = boxes.filter((box) => box.checked).length;
  const all = find("[data-select-all]", root);
  if (all) {
    all.checked = chosen > 0 && chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
  }
  const bar = find("[data-bulk]", root);
  if (!bar) return;
  bar.hidden = chosen === 0;
  find("[data-selected]", bar).textContent = String(chosen);
}

document.addEventListener("change", (event) => {
  const box = event.target;
  if (!box.matches(".table__select input")) return;
  const root = box.closest("[data-table], .card, main") || document;
  if (box.matches("[data-select-all]")) {
    for (const other of findAll("tbody .table__select input", root)) other.checked = box.checked;
  }
  count(root);
});
for (const root of findAll("[data-table]")) count(root);
