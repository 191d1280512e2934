// A form with data-confirm asks first, in a dialog that names the numbers; then it is sent with confirmed=1.
// A button with data-confirm-ask gets the question from the server, which knows the numbers.
import { find } from "./dom.js";

const dialog = find("#confirm");
let waiting = null;

async function ask(form, submitter) {
  // A control may be called "action", which hides the form's own property.
  const answer = await fetch(form.getAttribute("action"), {
    method: "POST",
    body: new FormData(form, submitter),
    headers: { Accept: "application/json" },
    redirect: "manual",
  });
  if (!answer.ok) {
    location.reload(); // nothing to ask: the page says why
    return;
  }
  const question = await answer.json();
  open(form, submitter, {
    confirm: question.title,
    confirmText: question.text,
    confirmFacts: question.facts.join("\n"),
    confirmLabel: question.label,
    confirmType: question.type,
    ...(question.danger && { confirmDanger: "" }),
  });
}

function open(form, submitter, question) {
  const slot = (name) => find(`[data-slot="${name}"]`, dialog);
  const source = question || (submitter?.dataset.confirm ? submitter.dataset : form.dataset);
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
      const asks = form.matches("[data-confirm]") || event.submitter?.matches("[data-confirm], [data-confirm-ask]");
      if (!asks || "confirmed" in form.dataset) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (event.submitter?.matches("[data-confirm-ask]")) ask(form, event.submitter);
      else open(form, event.submitter);
    },
    true,
  );
  dialog.addEventListener("close", () => {
    if (!waiting || dialog.returnValue !== "yes") return;
    const { form, submitter } = waiting;
    waiting = null;
    form.dataset.confirmed = "";
    const mark = Object.assign(document.createElement("input"), { type: "hidden", name: "confirmed", value: "1" });
    const typed = Object.assign(document.createElement("input"), {
      type: "hidden",
      name: "typed",
      value: find("[data-slot=type] input", dialog).value,
    });
    form.append(mark, typed);
    form.requestSubmit(submitter || undefined);
    // A form that stays on the page (htmx) asks again next time.
    setTimeout(() => {
      delete form.dataset.confirmed;
      mark.remove();
      typed.remove();
    }, 0);
  });
}
