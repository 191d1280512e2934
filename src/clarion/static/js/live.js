// Numbers that refresh by themselves. An element with data-live-url is polled; see docs/explanation/ui.md.
import { find, findAll, ready, shown } from "./dom.js";

const SECONDS = 2;
const SECONDS_HIDDEN = 30;
const MAX_SECONDS = 60;

// The scope itself counts as well: a row that is drawn anew is the scope of its numbers.
const owned = (scope, selector) =>
  [...(scope.matches(selector) ? [scope] : []), ...findAll(selector, scope)].filter(
    (element) => element.closest("[data-live-scope], [data-live-url]") === scope,
  );

function patchBars(scope, bars) {
  for (const [key, parts] of Object.entries(bars || {})) {
    for (const bar of owned(scope, `[data-live-bar="${CSS.escape(key)}"]`)) {
      for (const [part, [x, width]] of Object.entries(parts)) {
        const rect = find(`[data-part="${CSS.escape(part)}"]`, bar);
        rect?.setAttribute("x", `${x}%`);
        rect?.setAttribute("width", `${width}%`);
      }
    }
  }
}

function patchVersions(scope, versions) {
  for (const [key, version] of Object.entries(versions || {})) {
    for (const part of owned(scope, `[data-live-version="${CSS.escape(key)}"]`)) {
      if (part.dataset.liveAt === version || part.contains(find(":popover-open"))) continue;
      part.dataset.liveAt = version;
      htmx.ajax("GET", part.dataset.liveSrc, { target: part, swap: "outerHTML", source: part });
    }
  }
}

function patch(scope, fresh) {
  for (const [key, value] of Object.entries(fresh.values || {})) {
    const text = shown(value);
    for (const element of owned(scope, `[data-live="${CSS.escape(key)}"]`)) {
      if (element.textContent !== text) element.textContent = text;
    }
    for (const element of owned(scope, `[data-live-attribute$=":${CSS.escape(key)}"]`)) {
      element.setAttribute(element.dataset.liveAttribute.split(":")[0], String(value));
    }
    for (const element of owned(scope, `[data-live-show="${CSS.escape(key)}"]`)) element.hidden = !value;
  }
  patchBars(scope, fresh.bars);
  patchVersions(scope, fresh.versions);
}

function indicate(root, state) {
  root.dataset.liveState = state;
  for (const one of findAll("[data-live-indicator]", root)) one.dataset.state = state;
}

function watch(root) {
  if ("liveWatched" in root.dataset) return;
  root.dataset.liveWatched = "";
  let etag = "";
  let failures = 0;
  let timer;

  async function poll() {
    if (!root.isConnected) return;
    let again = true;
    try {
      const answer = await fetch(root.dataset.liveUrl, {
        headers: { Accept: "application/json", ...(etag && { "If-None-Match": etag }) },
      });
      if (answer.redirected || (!answer.ok && answer.status !== 304)) throw new Error(String(answer.status));
      failures = 0;
      if (answer.status === 200) {
        etag = answer.headers.get("ETag") || "";
        again = apply(await answer.json());
      }
      indicate(root, again ? "on" : "ended");
    } catch {
      failures += 1;
      if (failures > 1) indicate(root, "stale");
    }
    if (again) wait();
  }

  function apply(fresh) {
    patch(root, fresh);
    for (const [id, scope] of Object.entries(fresh.scopes || {})) {
      for (const element of findAll(`[data-live-scope="${CSS.escape(id)}"]`, root)) patch(element, scope);
    }
    root.dispatchEvent(new CustomEvent("live", { bubbles: true, detail: fresh }));
    return !fresh.final;
  }

  function wait(seconds = document.hidden ? SECONDS_HIDDEN : SECONDS) {
    clearTimeout(timer);
    timer = setTimeout(poll, 1000 * Math.min(seconds * 2 ** Math.min(failures, 5), MAX_SECONDS));
  }

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && root.isConnected && root.dataset.liveState !== "ended") wait(0);
  });
  wait();
}

ready(() => findAll("[data-live-url]").forEach(watch));
