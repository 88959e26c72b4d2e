/** A file's name to write to, and whether one that exists is replaced. */
import { el, freshId, setText, show } from "../dom";

export class FileForm {
  readonly element: HTMLFormElement;
  private readonly refusal = el("p", { className: "problem", role: "alert", hidden: true });

  constructor(
    label: string,
    name: string,
    action: string,
    write: (path: string, overwrite: boolean) => void,
    replaceLabel = "Replace the file if it exists",
  ) {
    const input = el("input", { type: "text", id: freshId(), value: name, spellcheck: false, autocomplete: "off" });
    const replace = el("input", { type: "checkbox" });
    this.element = el(
      "form",
      {},
      el("label", { htmlFor: input.id }, label),
      el("div", { className: "row" }, input, el("button", { type: "submit", className: "primary" }, action)),
      el("label", { className: "check" }, replace, replaceLabel),
      this.refusal,
    );
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      show(this.refusal, false);
      write(input.value.trim(), replace.checked);
    });
  }

  /** Say why it was not written. */
  refuse(message: string): void {
    setText(this.refusal, message);
    show(this.refusal, true);
  }
}
