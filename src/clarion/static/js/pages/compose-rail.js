// The rail of the compose page follows the section one looks at.
import { findAll } from "../dom.js";

const root = document.querySelector("[data-compose]");
const links = new Map(findAll(".steps__link", root).map((link) => [link.hash.slice(1), link]));
const seen = new IntersectionObserver(
  (entries) => {
    const top = entries.filter((entry) => entry.isIntersecting)[0];
    if (!top) return;
    for (const link of findAll(".steps__link", root)) {
      if (link.hash.slice(1) === top.target.id) link.setAttribute("aria-current", "step");
      else link.removeAttribute("aria-current");
    }
  },
  { rootMargin: "-20% 0px -70% 0px" },
);
if (links.size) findAll("[data-section]", root).forEach((section) => seen.observe(section));
