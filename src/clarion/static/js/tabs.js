// On a narrow screen the tab of this page may lie outside the row of tabs: bring it in sight.
import { findAll, ready } from "./dom.js";

ready((root) => {
  for (const tab of findAll(".tabs > [aria-current]", root)) {
    const row = tab.parentElement;
    const [inner, outer] = [tab.getBoundingClientRect(), row.getBoundingClientRect()];
    row.scrollLeft += (inner.left + inner.right - outer.left - outer.right) / 2;
  }
});
