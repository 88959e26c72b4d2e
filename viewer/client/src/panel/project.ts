/** What is set, to be kept: as a command line, and as a project file. */
import type { Connection } from "../connection";
import { button, el, setText } from "../dom";
import type { Store } from "../store";
import { FileForm } from "./file";

export class ProjectPanel {
  readonly element: HTMLElement;

  constructor(store: Store, connection: Connection) {
    const line = el("code", { className: "command", tabIndex: 0 });
    const copied = el("span", { className: "muted", role: "status" });
    const copy = button("Copy as command line", () => {
      void copyText(line).then((done) => setText(copied, done ? "Copied." : "Selected: copy it with the keyboard."));
    });
    const save = new FileForm("Save to", "show.toml", "Save project", (path, overwrite) => {
      connection.send({ do: "save", path, overwrite });
    });
    const open = new FileForm(
      "Open",
      "show.toml",
      "Open project",
      (path, overwrite) => connection.send({ do: "open-project", path, overwrite }),
      "Replace the files of its outputs if they exist",
    );
    const where = el("p", { className: "muted" });
    const which = el("p");
    this.element = el(
      "div",
      { className: "pane" },
      el("h2", {}, "Command line"),
      el("p", { className: "muted" }, "Does the same without this page."),
      line,
      el("div", { className: "row" }, copy, copied),
      el("h2", {}, "Project"),
      which,
      where,
      save.element,
      open.element,
    );
    store.on("hello", ({ folder }) => setText(where, `Files are read and written in ${folder}.`));
    store.on("state", ({ command, project }) => {
      setText(line, command);
      setText(which, project ? `Project: ${project}` : "Not saved yet.");
    });
    store.on("failed", ({ command, message }) => {
      if (command === "save") save.refuse(message);
      if (command === "open-project") open.refuse(message);
    });
  }
}

/** Copy an element's text; without a secure connection browsers only let it be selected. */
async function copyText(element: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(element.textContent ?? "");
    return true;
  } catch {
    getSelection()?.selectAllChildren(element);
    return false;
  }
}
