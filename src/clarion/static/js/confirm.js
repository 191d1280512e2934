// A form with data-confirm asks first, in a dialog that names the numbers; then it is sent with confirmed=1.
import { find } from "./dom.js";

const dialog = find("#confirm");
let waiting = null;

function open(form, submitter) {
  const slot = (name) => find(`[data-slot="${name}"]`, dialog);
  const source = submitter?.dataset.confirm ? submitter.dataset : form.dataset;
  find("#confirm-title").textContent = source.confirm;
  slot("text").textContent = source.confirmText || "";
  slot("text").hidden = !source.confirmText;
  const facts = (source.confirmFacts || "").split("\n").filter(Boolean);
  slot("facts").replaceChildren(
    ...facts.map((fact) => Object.assign(document.createElement("li"), { textContent: fact })),
  );
  slot("facts").hidden = facts.length === 0;
  const yes = slot("yes");
  yes.dataset.label ??= yes.textContent;
  yes.textContent = source.confirmLabel || yes.dataset.label;
  const danger = "confirmDanger" in source;
  yes.classList.toggle("button--destroy", danger);
  yes.classList.toggle("button--primary", !danger);
  find(".dialog__icon", dialog).dataset.tone = danger ? "red" : "brand";
  const word = source.confirmType || "";
  slot("type").hidden = !word;
  slot("word").textContent = word;
  const input = find("input", slot("type"));
  input.value = "";
  yes.disabled = Boolean(word);
  input.oninput = () => (yes.disabled = input.value.trim() !== word);
  waiting = { form, submitter };
  dialog.returnValue = "no";
  dialog.showModal();
}

if (dialog) {
  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target;
      const asks = form.matches("[data-confirm]") || event.submitter?.matches("[data-confirm]");
      if (!asks || "confirmed" in form.dataset) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      open(form, event.submitter);
    },
    true,
  );
  dialog.addEventListener("close", () => {
    if (!waiting || dialog.returnValue !== "yes") return;
    const { form, submitter } = waiting;
    waiting = null;
    form.dataset.confirmed = "";
    const mark = Object.assign(document.createElement("input"), { type: "hidden", name: "confirmed", value: "1" });
    form.append(mark);
    form.requestSubmit(submitter || undefined);
    // A form that stays on the page (htmx) asks again next time.
    setTimeout(() => {
      delete form.dataset.confirmed;
      mark.remove();
    }, 0);
  });
}
