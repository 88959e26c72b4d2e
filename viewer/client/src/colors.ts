/** One colour for each place, told apart also by people who see few colours; readable on dark and light. */
const COLORS = [
  "#e8711a", "#2f8fe0", "#2ea043", "#b15fd3", "#e0446a", "#0fa3a3", "#b8860b", "#7b83eb",
  "#8c6239", "#5aa02c", "#d1569a", "#4a7c99", "#c2452d", "#3d9970", "#9c6ade", "#808890",
] as const;

/** The colour of a player, counted from 1. */
export function playerColor(place: number): string {
  return COLORS[(place - 1) % COLORS.length] ?? COLORS[0];
}


/** A colour of the page's theme, such as `--ink`. */
export function themeColor(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
