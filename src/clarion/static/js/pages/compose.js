// The compose page: shows what the choices call for, uploads at once, and puts in what each saving has changed.
import { csrf, find, findAll, on, toast } from "../dom.js";

const root = find("[data-compose]");
const form = find("#compose");
let uploading = false;
let rejected = false;

function show() {
  for (const part of findAll("[data-when]", root)) {
    const [name, values] = part.dataset.when.split("=");
    const input = form.elements[name];
    const value = input instanceof RadioNodeList ? input.value : input?.value;
    part.hidden = input !== undefined && !values.split(",").includes(value);
  }
}

// What somebody writes in a part, or has written, goes over into its fresh one.
function keep(old, fresh) {
  for (const control of findAll("input, textarea", old)) {
    if (!control.id || (control !== document.activeElement && control.value === control.defaultValue)) continue;
    find(`#${CSS.escape(control.id)}`, fresh)?.replaceWith(control);
  }
}

// Every element with an id in the answer takes the place of the one there, but not under the reader's hands.
function freshen(answer) {
  const page = new DOMParser().parseFromString(answer, "text/html");
  for (const fresh of findAll("[data-fresh] > [id]", page)) {
    const old = document.getElementById(fresh.id);
    const active = old?.contains(document.activeElement) ? document.activeElement : null;
    const held = active?.id && !active.matches("input, textarea") && !("always" in fresh.dataset);
    if (!old || old.isEqualNode(fresh) || held) continue;
    keep(old, fresh);
    old.replaceWith(fresh);
    globalThis.htmx?.process(fresh);
    if (active?.id) document.getElementById(active.id)?.focus();
  }
  const problems = find("template[data-problems]", page);
  if (problems) {
    tell(findAll("p", problems.content));
    const code = find("[data-code]", form);
    if (code) code.dataset.badLines = problems.dataset.badLines;
    find("textarea", code || form)?.dispatchEvent(new Event("lines"));
  }
  show();
  progress();
  // The sender of another channel: its messages are written in other ways.
  if (find("[data-elsewhere]", page) && find("[data-saved]").dataset.state === "saved") {
    location.hash = "message";
    location.reload();
  }
  return problems ? findAll("p", problems.content).map((one) => one.dataset.field) : [];
}

function tell(problems) {
  findAll("[data-told]", form).forEach((one) => one.remove());
  findAll("[aria-invalid]", form).forEach((one) => one.removeAttribute("aria-invalid"));
  findAll(".field__error", form).forEach((one) => one.remove());
  for (const problem of problems) {
    const input = find(`[name="${CSS.escape(problem.dataset.field)}"]`, form);
    if (!input || input === document.activeElement) continue;
    const note = Object.assign(document.createElement("p"), { className: "field__error", textContent: problem.textContent });
    note.dataset.told = "";
    note.id = `${input.id || input.name}_told`;
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", note.id);
    (input.closest(".field, [data-hours-row]") || input.closest("[data-upload-field]") || input.parentElement).append(note);
  }
}

// A chosen file is sent at once; how far it is stands below it.
function upload() {
  const box = find("[data-upload-progress]", form);
  const request = new XMLHttpRequest();
  const ended = () => {
    box.hidden = true;
  };
  uploading = true;
  const data = new FormData(form);
  uploading = false;
  data.set("autosave", "1");
  request.upload.addEventListener("progress", (event) => {
    const percent = event.lengthComputable ? Math.round((100 * event.loaded) / event.total) : 0;
    find("progress", box).value = percent;
    find("[data-upload-text]", box).textContent = `${percent}%`;
  });
  request.addEventListener("load", () => {
    ended();
    if (request.status >= 400) return toast(document.body.dataset.errorText, "error");
    rejected = freshen(request.responseText).includes("file");
    if (!rejected) form.elements.file.value = "";
  });
  request.addEventListener("error", () => {
    ended();
    toast(document.body.dataset.offlineText, "error");
  });
  box.hidden = false;
  request.open("POST", form.action);
  request.setRequestHeader("X-CSRFToken", csrf());
  request.send(data);
}

// While a file is read, its numbers are asked for again.
let asking;
function progress() {
  clearTimeout(asking);
  const panel = find("#compose-estimate[data-refresh]");
  if (!panel) return;
  asking = setTimeout(async () => {
    const answer = await fetch(panel.dataset.refresh).catch(() => null);
    if (answer?.ok) freshen(await answer.text());
    else progress();
  }, 1500);
}

if (form) {
  show();
  progress();
  form.addEventListener("change", (event) => {
    show();
    const again = ["address_column", "sheet"].includes(event.target.name) && rejected;
    if ((event.target.name === "file" || again) && form.elements.file.files.length) upload();
  });
  // A file goes with its own upload only, never with an autosave.
  form.addEventListener("formdata", (event) => uploading || event.formData.delete("file"));
  form.addEventListener("autosaved", (event) => freshen(event.detail));
  form.addEventListener("input", (event) => {
    for (const mirror of findAll("[data-mirror]")) {
      if (mirror.dataset.mirror === event.target.id) mirror.textContent = event.target.value;
    }
  });
  // Fields are put where one was last writing.
  form.addEventListener("focusin", (event) => {
    if (!["id_subject", "id_preheader", "id_source", "id_text"].includes(event.target.id)) return;
    findAll("[data-insert]", form).forEach((button) => (button.dataset.into = event.target.id));
  });
  on("click", "button[aria-disabled=true][name=do]", (event) => {
    event.preventDefault();
    find(".checklist a", find("#review"))?.focus();
  });
}
