// What the other files share. Only this file exports; the others start by themselves from data- attributes.
document.documentElement.classList.add("js");

export const find = (selector, root = document) => root.querySelector(selector);
export const findAll = (selector, root = document) => [...root.querySelectorAll(selector)];
const { decimal = ".", thousands = "," } = document.documentElement.dataset;

// The document's language for Intl, with the digits that the server writes.
export const locale = `${document.documentElement.lang || "en"}-u-nu-latn`;

// Calls handler(event, element) for events on anything that matches, now or later.
export function on(type, selector, handler) {
  document.addEventListener(type, (event) => {
    const element = event.target instanceof Element ? event.target.closest(selector) : null;
    if (element) handler(event, element);
  });
}

// Runs on the page as it is, and again on every part that htmx puts in.
export function ready(handler) {
  handler(document);
  document.addEventListener("htmx:afterSettle", (event) => handler(event.target.closest("[data-live-url]") || event.target));
}

export function shown(value) {
  if (typeof value !== "number") return String(value ?? "");
  const [whole, rest] = String(value).split(".");
  return whole.replace(/\B(?=(\d{3})+$)/g, thousands) + (rest ? decimal + rest : "");
}

export function csrf() {
  return JSON.parse(document.body.getAttribute("hx-headers") || "{}")["X-CSRFToken"] || "";
}

export function toast(text, level = "info") {
  const box = find("#toasts");
  const template = find("#toast-template");
  if (!box || !template) return;
  const one = template.content.firstElementChild.cloneNode(true);
  const tones = { success: "green", warning: "amber", error: "red", info: "blue" };
  one.dataset.tone = tones[level] || "blue";
  one.dataset.toast = level;
  find(".toast__text", one).textContent = text;
  box.append(one);
  if (level !== "error") setTimeout(() => one.remove(), 8000);
}
