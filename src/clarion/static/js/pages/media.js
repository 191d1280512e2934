// The media library: picks a picture for a field from a dialog, and copies nothing else.
import { find, on } from "../dom.js";

let into = "";

on("click", "[data-media-open]", async (_event, button) => {
  const dialog = find("[data-media-dialog]");
  into = button.dataset.mediaInto;
  dialog.showModal();
  const answer = await fetch(`${dialog.dataset.url}?pick=1`, { headers: { "HX-Request": "true" } });
  find("[data-media-choices]", dialog).innerHTML = answer.ok ? await answer.text() : "";
});
on("click", "[data-media-close]", (_event, button) => button.closest("dialog").close());
on("click", "[data-media-pick]", (_event, button) => {
  const field = find(`#${CSS.escape(into)}`);
  button.closest("dialog").close();
  field.value = button.dataset.mediaPick;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
});
