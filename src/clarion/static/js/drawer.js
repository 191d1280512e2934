// The drawer opens when something was loaded into #drawer-body. data-open="<id>" opens any dialog, and a link with
// data-drawer what it leads to. When it closes, the focus goes back to where it came from.
import { find, on } from "./dom.js";

const drawer = find("#drawer");
let opener = null;

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.target?.id !== "drawer-body") return;
  const from = event.detail.requestConfig?.triggeringEvent?.target || event.detail.elt;
  const menu = from.closest?.("[data-menu]");
  opener = (menu && find(`[popovertarget="${CSS.escape(menu.id)}"], [aria-controls="${CSS.escape(menu.id)}"]`)) || from;
  menu?.hidePopover();
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "drawer-body" || !drawer) return;
  const heading = find("h2", drawer);
  if (heading) drawer.setAttribute("aria-label", heading.textContent.trim());
  if (!drawer.open) drawer.showModal();
  drawer.scrollTop = 0;
});
drawer?.addEventListener("close", () => {
  find("#drawer-body").replaceChildren();
  if (opener?.isConnected) opener.focus();
  opener = null;
});

on("click", "a[data-drawer]", (event, link) => {
  if (!globalThis.htmx || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  htmx.ajax("GET", link.href, { source: link, target: "#drawer-body", swap: "innerHTML" });
});
on("click", "dialog.drawer, dialog.dialog", (event, dialog) => {
  if (event.target === dialog) dialog.close();
});
on("click", "button[data-open]", (_event, button) => {
  button.closest("[popover]")?.hidePopover();
  find(`#${CSS.escape(button.dataset.open)}`)?.showModal();
});
on("click", "[data-close]", (_event, button) => button.closest("dialog")?.close());
