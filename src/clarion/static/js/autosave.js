// A form with data-autosave="<url>" is posted there a moment after each change; [data-saved] says how it went.
import { csrf, find, ready } from "./dom.js";

const WAIT = 1200;

function watch(form) {
  if ("watched" in form.dataset) return;
  form.dataset.watched = "";
  const note = find("[data-saved]");
  let timer;
  let running = Promise.resolve();
  let dirty = false;
  const say = (state) => {
    if (!note) return;
    note.dataset.state = state;
    note.textContent = note.dataset[state] || "";
  };
  async function save() {
    dirty = false;
    say("saving");
    const data = new FormData(form);
    data.set("autosave", "1");
    try {
      const answer = await fetch(form.dataset.autosave, { method: "POST", body: data, headers: { "X-CSRFToken": csrf() } });
      if (!answer.ok) throw new Error(String(answer.status));
      say(dirty ? "saving" : "saved");
      form.dispatchEvent(new CustomEvent("autosaved", { bubbles: true, detail: await answer.text() }));
    } catch {
      dirty = true;
      say("failed");
    }
  }
  const soon = () => {
    dirty = true;
    clearTimeout(timer);
    timer = setTimeout(() => (running = running.then(save)), WAIT);
  };
  form.addEventListener("input", soon);
  form.addEventListener("change", soon);
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    dirty = false;
  });
  addEventListener("beforeunload", (event) => dirty && event.preventDefault());
}

ready(() => document.querySelectorAll("form[data-autosave]").forEach(watch));
