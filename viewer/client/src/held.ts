/** What somebody has just set, and the server has not answered yet: what it said before would undo it. */
const PATIENCE_MS = 3000;

export class Held<T> {
  private asked: { value: T; until: number } | null = null;

  ask(value: T): void {
    this.asked = { value, until: performance.now() + PATIENCE_MS };
  }

  drop(): void {
    this.asked = null;
  }

  /** Whether to show what the server says: it has answered, or takes too long. */
  lets(told: T): boolean {
    if (this.asked && told !== this.asked.value && performance.now() < this.asked.until) return false;
    this.asked = null;
    return true;
  }
}
