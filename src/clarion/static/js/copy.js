// data-copy="text" copies it; data-insert="text" puts it at the cursor of the field data-into, and as a link with
// the words of data-link where that field is markup.
import { find, on } from "./dom.js";

on("click", "[data-copy]", async (event, button) => {
  event.preventDefault();
  await navigator.clipboard.writeText(button.dataset.copy);
  button.dataset.copied = "";
  const use = find("use", button);
  const before = use?.getAttribute("href");
  use?.setAttribute("href", before.replace(/#.*/, "#copy-check"));
  setTimeout(() => {
    delete button.dataset.copied;
    use?.setAttribute("href", before);
  }, 1600);
});

on("click", "[data-insert]", (_event, button) => {
  const field = find(`#${CSS.escape(button.dataset.into)}`);
  if (!field) return;
  const { insert, link } = button.dataset;
  const isMarkup = field.id === "id_source" && find("[name=mode]:checked")?.value !== "text";
  const text = link && isMarkup ? `<a href="${insert}">${link}</a>` : insert;
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  field.focus();
  field.dispatchEvent(new Event("input", { bubbles: true }));
});
