// Blocks by keyboard and by dragging; and fields of people go into the text that was written in last.
import { find, findAll, on } from "../dom.js";

const root = find("[data-blocks]");
let dragged = null;

on("keydown", "[data-block-open]", (event, button) => {
  const row = button.closest(".blocks__row");
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (step && event.altKey) find(`[data-block-move="${step}"]`, row).click();
  else if (event.key === "Delete") find("[data-block-remove]", row).click();
  else if (step) {
    const all = findAll("[data-block-open]", root);
    all[all.indexOf(button) + step]?.focus();
  } else return;
  event.preventDefault();
});
on("dragstart", ".blocks__row", (event, row) => {
  dragged ??= row;
  event.dataTransfer.effectAllowed = "move";
});
on("dragend", ".blocks__row", () => (dragged = null));
on("dragover", ".blocks__row", (event) => dragged && event.preventDefault());
on("drop", ".blocks__row", (event, row) => {
  event.preventDefault();
  const { top, height } = row.getBoundingClientRect();
  const after = event.clientY > top + height / 2;
  row.dispatchEvent(new CustomEvent("block-drop", { bubbles: true, detail: { row: dragged, after } }));
});
on("focusin", "[data-block-field], #id_source, #id_subject", (_event, field) => {
  findAll("[data-insert]").forEach((button) => (button.dataset.into = field.id));
});
on("change", "[name=mode]", () => findAll("[data-insert]").forEach((button) => (button.dataset.into = "id_source")));
