// Files: shows the chosen name, takes a dropped one, and a form with data-upload shows how far it is.
import { csrf, find, findAll, on, shown, toast } from "./dom.js";

on("change", "[data-upload-field] input[type=file]", (_event, input) => {
  const name = find("[data-file-name]", input.closest("[data-upload-field]"));
  name.dataset.empty ??= name.textContent;
  const file = input.files[0];
  name.textContent = file ? `${file.name} (${shown(Math.ceil(file.size / 1024))} kB)` : name.dataset.empty;
});
for (const type of ["dragenter", "dragover"]) {
  on(type, ".upload__drop", (_event, drop) => drop.setAttribute("data-over", ""));
}
for (const type of ["dragleave", "drop"]) {
  on(type, ".upload__drop", (_event, drop) => drop.removeAttribute("data-over"));
}

function follow(form, submitter) {
  const request = new XMLHttpRequest();
  const box = find("[data-upload-progress]", form);
  const busy = (state) => findAll("button[type=submit]", form).forEach((button) => (button.disabled = state));
  box.hidden = false;
  request.upload.addEventListener("progress", (event) => {
    if (!event.lengthComputable) return;
    const percent = Math.round((100 * event.loaded) / event.total);
    find("progress", box).value = percent;
    find("[data-upload-text]", box).textContent = `${percent}%`;
  });
  request.addEventListener("load", () => {
    // The server redirects to the next page, or shows the form again with its errors.
    if (request.responseURL && request.responseURL !== location.href && request.status < 400) {
      location.assign(request.responseURL);
      return;
    }
    const page = new DOMParser().parseFromString(request.responseText, "text/html");
    const fresh = find("main", page);
    if (fresh) find("main").replaceChildren(...fresh.childNodes);
    if (globalThis.htmx) htmx.process(find("main"));
    find("[data-focus]")?.focus();
  });
  request.addEventListener("error", () => {
    busy(false);
    box.hidden = true;
    toast(document.body.dataset.offlineText, "error");
  });
  const data = new FormData(form, submitter);
  request.open("POST", form.action);
  request.setRequestHeader("X-CSRFToken", csrf());
  busy(true);
  request.send(data);
}

on("submit", "form[data-upload]", (event, form) => {
  const chosen = findAll("input[type=file]", form).some((input) => input.files.length > 0);
  if (!chosen) return;
  event.preventDefault();
  follow(form, event.submitter);
});
