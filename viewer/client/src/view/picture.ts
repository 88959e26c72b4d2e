/** An image of the TOP, and the joints over it where the UV channels have them. */
import { playerColor } from "../colors";
import { el } from "../dom";
import type { JointRow } from "../messages";
import { VALUES } from "./skeletons";

const U = 4;
const DEPTH_U = 6;

export class Picture {
  readonly element: HTMLElement;
  private readonly canvas = el("canvas", { role: "img", aria: { label: "Camera image with joints" } });
  private bitmap: ImageBitmap | null = null;
  private name = "";
  private joints = new Float32Array();
  private ids: readonly number[] = [];

  constructor(private readonly rows: () => readonly JointRow[], private readonly aspectCorrect: () => boolean) {
    this.element = el("div", { className: "picture" }, this.canvas);
  }

  setJoints(joints: Float32Array<ArrayBuffer>, ids: readonly number[]): void {
    this.joints = joints;
    this.ids = ids;
  }

  async setImage(name: string, data: DataView<ArrayBuffer>): Promise<void> {
    const bitmap = await createImageBitmap(new Blob([data], { type: "image/jpeg" }));
    this.bitmap?.close();
    this.bitmap = bitmap;
    this.name = name;
    this.draw();
  }

  draw(): void {
    if (!this.bitmap) return;
    const { width, height } = this.bitmap;
    if (this.canvas.width !== width || this.canvas.height !== height) {
      [this.canvas.width, this.canvas.height] = [width, height];
    }
    const context = this.canvas.getContext("2d");
    if (!context) return;
    context.drawImage(this.bitmap, 0, 0);
    this.ids.forEach((id, row) => {
      if (id > 0) this.player(context, row);
    });
  }

  private player(context: CanvasRenderingContext2D, row: number): void {
    const rows = this.rows();
    const points = rows.map((_, joint) => this.place(row * rows.length + joint));
    context.lineWidth = Math.max(2, this.canvas.width / 320);
    context.strokeStyle = context.fillStyle = playerColor(row + 1);
    rows.forEach(({ parent }, joint) => {
      const [from, to] = [points[parent], points[joint]];
      if (!to) return;
      context.beginPath();
      context.arc(to.x, to.y, context.lineWidth * 1.3, 0, 2 * Math.PI);
      context.fill();
      if (!from) return;
      const sure = Math.min(this.sure(row * rows.length + parent), this.sure(row * rows.length + joint));
      context.globalAlpha = sure >= 1 ? 1 : 0.35;
      context.setLineDash(sure >= 2 ? [] : [context.lineWidth * 2, context.lineWidth * 2]);
      context.beginPath();
      context.moveTo(from.x, from.y);
      context.lineTo(to.x, to.y);
      context.stroke();
      context.globalAlpha = 1;
    });
    context.setLineDash([]);
  }

  private sure(joint: number): number {
    return this.joints[joint * VALUES + 3] ?? 0;
  }

  /** Where a joint's UV is in the image: UVs are 0 to 1 from its lower left corner. */
  private place(joint: number): { x: number; y: number } | null {
    const inColor = this.name.startsWith("color") !== this.name.endsWith("remap");
    const first = joint * VALUES + (inColor ? U : DEPTH_U);
    const [u, v] = [this.joints[first] ?? 0, this.joints[first + 1] ?? 0];
    if (u === 0 && v === 0) return null;
    const { width, height } = this.canvas;
    // Aspect-correct v is measured in widths, as u is.
    return { x: u * width, y: height - v * (this.aspectCorrect() ? width : height) };
  }
}
