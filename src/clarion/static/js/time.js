// <time data-ago> says "3 minutes ago" and stays true while the page is open.
import { findAll, locale, ready } from "./dom.js";

const words = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
const steps = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

function ago(time) {
  const seconds = (new Date(time.dateTime) - Date.now()) / 1000;
  if (Math.abs(seconds) > 30 * 86400) return;
  const [unit, size] = steps.find(([, length]) => Math.abs(seconds) >= length) || steps.at(-1);
  const text = words.format(Math.trunc(seconds / size), unit);
  if (time.textContent !== text) time.textContent = text;
}

ready(() => findAll("time[data-ago]").forEach(ago));
setInterval(() => !document.hidden && findAll("time[data-ago]").forEach(ago), 15000);
