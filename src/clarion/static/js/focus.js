// After a form came back with errors, the summary gets the focus so that it is read out.
import { find } from "./dom.js";

find("[data-focus]")?.focus();
