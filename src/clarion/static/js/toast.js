// Messages go after a while; errors, and what can be taken back, stay until they are dismissed.
import { findAll, on, toast } from "./dom.js";

for (const one of findAll("#toasts [data-toast]")) {
  const stays = one.dataset.toast.includes("error") || "toastStays" in one.dataset;
  if (!stays) setTimeout(() => one.remove(), 8000);
}
on("click", "[data-toast-close]", (_event, button) => button.closest("[data-toast]").remove());

// A fragment may bring messages: HX-Trigger: {"toast": {"text": "…", "level": "success"}}
document.addEventListener("toast", (event) => toast(event.detail.text, event.detail.level));
document.addEventListener("htmx:responseError", () => toast(document.body.dataset.errorText, "error"));
document.addEventListener("htmx:sendError", () => toast(document.body.dataset.offlineText, "error"));
