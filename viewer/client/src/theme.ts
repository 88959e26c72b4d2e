/** Dark, light, or as the computer has it. */
import { menu } from "./dom";

const KEY = "bodychan-theme";

export function themeMenu(changed: () => void): HTMLElement {
  const saved = localStorage.getItem(KEY) ?? "auto";
  const apply = (value: string): void => {
    if (value === "auto") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = value;
    localStorage.setItem(KEY, value);
  };
  apply(saved);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
  return menu("Theme", [["auto", "Auto"], ["dark", "Dark"], ["light", "Light"]], saved, (value) => {
    apply(value);
    changed();
  }).row;
}
