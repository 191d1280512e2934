// The drawer opens when something was loaded into #drawer-body. data-open="<id>" opens any dialog.
import { find, on } from "./dom.js";

const drawer = find("#drawer");
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "drawer-body" || !drawer) return;
  const heading = find("h2", drawer);
  if (heading) drawer.setAttribute("aria-label", heading.textContent.trim());
  if (!drawer.open) drawer.showModal();
  drawer.scrollTop = 0;
});
drawer?.addEventListener("close", () => find("#drawer-body").replaceChildren());

on("click", "dialog.drawer, dialog.dialog", (event, dialog) => {
  if (event.target === dialog) dialog.close();
});
on("click", "button[data-open]", (_event, button) => {
  button.closest("[popover]")?.hidePopover();
  find(`#${CSS.escape(button.dataset.open)}`)?.showModal();
});
on("click", "[data-close]", (_event, button) => button.closest("dialog")?.close());
