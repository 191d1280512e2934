// The template editor: a preview that follows what is typed.
import { find, findAll, on } from "../dom.js";

const form = find("[data-template-form]");
const area = find("[data-code] textarea");
const starters = JSON.parse(find("[data-starters]")?.dataset.starters || "{}");

// A new frame each time: posting into one that has a document would add a step to the browser's history.
function showFrame() {
  if (!find("[data-stage]")) return;
  const button = find("[data-preview-button]");
  const old = find(".preview__frame");
  const frame = old.cloneNode(false);
  frame.removeAttribute("src");
  old.replaceWith(frame);
  const target = { action: form.action, target: form.target };
  form.action = button.formAction;
  form.target = "preview";
  form.submit();
  Object.assign(form, target);
}

function refresh() {
  htmx.trigger("#check", "refresh");
  showFrame();
}

// Each channel has its own ways of writing: an editor in which nothing was written gives way to the channel's.
on("change", "[data-new] [name=channel]", (_event, choice) => {
  if (area.value.trim() && !Object.values(starters).includes(area.value)) return;
  const name = encodeURIComponent(find("[name=name]").value);
  location.assign(`${form.dataset.new}?channel=${choice.value}&name=${name}`);
});

let waiting = 0;
function soon() {
  clearTimeout(waiting);
  waiting = setTimeout(refresh, 600);
}

if (form && find("[data-preview-button]")) {
  form.addEventListener("input", soon);
  for (const choice of findAll("[form=template-form]:is(select, input)")) choice.addEventListener("change", refresh);
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id !== "check") return;
    const lines = findAll("[data-go-to-line]", event.target).map((button) => button.dataset.goToLine);
    find("[data-code]").dataset.badLines = lines.join();
    area.dispatchEvent(new Event("lines"));
  });
  // Modules run before htmx has looked at the page.
  window.addEventListener("load", refresh);
}
