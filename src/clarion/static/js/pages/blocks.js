// The editor of blocks: shows the document of the text area as a list with a side panel, and writes it back.
import { find, findAll, on } from "../dom.js";

const root = find("[data-blocks]");
const area = find("#id_source");
const [box, none] = [find("[data-blocks-panel]", root), find("[data-blocks-none]", root)];
const defaults = JSON.parse(root.dataset.defaults);
const blockOf = new WeakMap();
const columnOf = new WeakMap();
let doc = null;
let chosen = null;

function known(list) {
  return Array.isArray(list) && list.every((one) => defaults[one?.type] && (one.type !== "columns" || one.columns?.every?.(known)));
}

function read() {
  try {
    const found = JSON.parse(area.value);
    return known(found.blocks) ? found : null;
  } catch {
    return null; // What was written by hand and is no document stays as text.
  }
}

function write() {
  area.value = JSON.stringify(doc, null, 1);
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

function say(key, ...values) {
  const text = find("[data-blocks-status]", root);
  text.textContent = values.reduce((words, value) => words.replace(/%[sn]/, value), text.dataset[key]);
}

function placeOf(block, list = doc.blocks) {
  if (list.includes(block)) return { list, index: list.indexOf(block) };
  const inner = list.flatMap((one) => one.columns || []);
  return inner.map((column) => placeOf(block, column)).find(Boolean) || null;
}

const copyOf = (selector) => find(`template[${selector}]`, root).content.cloneNode(true);
const excerpt = (block) => String(block.text || block.label || block.alt || block.src || "").slice(0, 80);

function rowOf(block) {
  const row = copyOf(`data-block-row="${block.type}"`).firstElementChild;
  blockOf.set(row, block);
  find("[data-block-excerpt]", row).textContent = excerpt(block);
  if (block === chosen) row.dataset.chosen = "";
  find("[data-block-columns]", row)?.append(
    ...block.columns.map((column, number) => {
      const part = copyOf("data-block-column").firstElementChild;
      part.setAttribute("aria-label", number + 1);
      columnOf.set(part, column);
      find("[data-blocks-list]", part).append(...column.map(rowOf));
      find("[data-block-add-in]", part).setAttribute("aria-label", `${find("label", part).textContent} ${number + 1}`);
      return part;
    }),
  );
  return row;
}

const rowFor = (block) => findAll(".blocks__row", root).find((row) => blockOf.get(row) === block);
function draw(focused) {
  find("[data-blocks-list]", root).replaceChildren(...doc.blocks.map(rowOf));
  if (focused) find("[data-block-open]", rowFor(focused))?.focus();
}

function choose(block, into = false) {
  chosen = block;
  box.replaceChildren(block ? copyOf(`data-block-fields="${block.type}"`) : none);
  for (const field of findAll("[data-block-field]", box)) field.value = block[field.dataset.blockField] ?? defaults[block.type][field.dataset.blockField];
  const count = find("[data-block-count]", box);
  if (count) count.value = block.columns.length;
  draw();
  if (into) (find("input, textarea, select", box) || find("[data-block-open]", rowFor(block))).focus();
}

function add(kind, list) {
  const block = { type: kind, ...defaults[kind] };
  if (kind === "columns") block.columns = [[], []];
  // A footer stays at the end, so what is added at the top level goes before it.
  const at = list === doc.blocks && list.at(-1)?.type === "footer" && kind !== "footer" ? list.length - 1 : list.length;
  list.splice(at, 0, block);
  write();
  choose(block, true);
  say("added");
}

function done(block, key, ...values) {
  write();
  draw(block);
  say(key, ...values);
}

function move(block, by) {
  const { list, index } = placeOf(block);
  const to = index + by;
  if (to < 0 || to >= list.length) return;
  list.splice(to, 0, ...list.splice(index, 1));
  done(block, "moved", to + 1, list.length);
}

function remove(block) {
  const { list, index } = placeOf(block);
  list.splice(index, 1);
  if (!chosen || !placeOf(chosen)) choose(null);
  done(list[index] || list[index - 1], "removed");
}

function drop(dragged, target, after) {
  const { list } = placeOf(target);
  const nests = list === doc.blocks || !["columns", "footer"].includes(dragged.type);
  if (!nests || dragged === target || placeOf(target, (dragged.columns || []).flat())) return;
  const from = placeOf(dragged);
  from.list.splice(from.index, 1);
  list.splice(list.indexOf(target) + (after ? 1 : 0), 0, dragged);
  done(dragged, "moved", list.indexOf(dragged) + 1, list.length);
}

function show() {
  doc = find("[name=mode]:checked")?.value === "blocks" ? read() : null;
  root.hidden = !doc;
  find("[data-code]").hidden = Boolean(doc);
  if (doc) choose(null);
}

const ofRow = (element) => blockOf.get(element.closest(".blocks__row"));
on("click", "[data-block-add]", (_event, button) => add(button.dataset.blockAdd, doc.blocks));
on("change", "[data-block-add-in]", (_event, choice) => choice.value && add(choice.value, columnOf.get(choice.closest(".blocks__column"))));
on("click", "[data-block-open]", (_event, button) => choose(ofRow(button), true));
on("click", "[data-block-move]", (_event, button) => move(ofRow(button), Number(button.dataset.blockMove)));
on("click", "[data-block-remove]", (_event, button) => remove(ofRow(button)));
on("change", "[name=mode]", () => setTimeout(show));
on("input", "[data-block-field]", (_event, field) => {
  const { blockField, kind } = field.dataset;
  chosen[blockField] = kind === "pixels" || kind === "level" ? Number(field.value) : field.value;
  find("[data-block-excerpt]", rowFor(chosen)).textContent = excerpt(chosen);
  write();
});
on("change", "[data-block-count]", (_event, choice) => {
  const count = Number(choice.value);
  while (chosen.columns.length < count) chosen.columns.push([]);
  // What stood in a column that goes is kept in the last one that stays.
  chosen.columns[count - 1].push(...chosen.columns.splice(count).flat());
  write();
  draw();
});
on("block-drop", ".blocks__row", (event, row) => drop(blockOf.get(event.detail.row), blockOf.get(row), event.detail.after));
show();
