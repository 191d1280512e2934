// Popovers are the platform's. Where a browser cannot anchor them, they are put under their button by hand.
import { find, findAll } from "./dom.js";

const anchored = CSS.supports("position-area", "block-end");

function place(menu) {
  const id = CSS.escape(menu.id);
  const button = find(`[popovertarget="${id}"], [aria-controls="${id}"]`);
  if (!button) return;
  const at = button.getBoundingClientRect();
  const rtl = document.documentElement.dir === "rtl";
  const size = menu.getBoundingClientRect();
  const toStart = menu.classList.contains("menu--start") || menu.classList.contains("menu--up");
  let left = toStart !== rtl ? at.left : at.right - size.width;
  left = Math.max(8, Math.min(left, innerWidth - size.width - 8));
  const below = at.bottom + 4;
  const above = menu.classList.contains("menu--up") || below + size.height > innerHeight;
  menu.style.setProperty("left", `${left}px`);
  menu.style.setProperty("top", `${above ? Math.max(8, at.top - size.height - 4) : below}px`);
}

document.addEventListener(
  "toggle",
  (event) => {
    const menu = event.target;
    if (!(menu instanceof HTMLElement) || !menu.matches("[data-menu]")) return;
    const isFetched = !find(`[popovertarget="${CSS.escape(menu.id)}"]`);
    if (event.newState === "open" && (!anchored || isFetched)) place(menu);
  },
  true,
);

// Arrow keys inside an open menu.
document.addEventListener("keydown", (event) => {
  const menu = event.target instanceof Element ? event.target.closest("[data-menu]:popover-open") : null;
  const open = menu || find("[data-menu]:popover-open");
  if (!open || !["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key)) return;
  const items = findAll("a, button", open);
  const now = items.indexOf(document.activeElement);
  const next = { ArrowDown: now + 1, ArrowUp: now < 0 ? items.length - 1 : now - 1, Home: 0, End: items.length - 1 };
  event.preventDefault();
  items[(next[event.key] + items.length) % items.length]?.focus();
});
