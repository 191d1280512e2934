// Rows of sending hours: added, filled in and removed at once; without scripts the same buttons ask the server.
import { find, findAll, on } from "./dom.js";

function changed(editor) {
  find("[name=hours-count]", editor).dispatchEvent(new Event("change", { bubbles: true }));
}

function added(editor) {
  const count = find("[name=hours-count]", editor);
  const blank = find("[data-hours-blank]", editor);
  const made = document.createElement("template");
  made.innerHTML = blank.innerHTML.replaceAll("__n__", count.value);
  const row = made.content.firstElementChild;
  count.value = Number(count.value) + 1;
  find("[data-hours-rows]", editor).append(row);
  return row;
}

const editorOf = (button) => button.closest(".hours");

on("click", "[data-hours-add]", (event, button) => {
  event.preventDefault();
  find("input[type=checkbox]", added(editorOf(button))).focus();
  changed(editorOf(button));
});
on("click", "[data-hours-remove]", (event, button) => {
  event.preventDefault();
  const editor = editorOf(button);
  button.closest("[data-hours-row]").remove();
  find("[data-hours-add]", editor).focus();
  changed(editor);
});
on("click", "[data-hours-office]", (event, button) => {
  event.preventDefault();
  const editor = editorOf(button);
  findAll("[data-hours-rows] [data-hours-row]", editor).forEach((row) => row.remove());
  const row = added(editor);
  for (const box of findAll("input[type=checkbox]", row)) box.checked = Number(box.value) < 5;
  const [from, to] = findAll("input[type=time]", row);
  from.value = "09:00";
  to.value = "18:00";
  changed(editor);
});
