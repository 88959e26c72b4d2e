/** The 3D view: renderer, camera and what moves them. It draws when something has changed, and only then. */
import { Color, Group, Matrix4, PerspectiveCamera, Scene, Vector3, WebGLRenderer } from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";
import { themeColor } from "../colors";

export type Side = "camera" | "front" | "side" | "back" | "top";

const SIDES: Record<Side, [number, number, number]> = {
  camera: [0, 0, 0],
  front: [0, 0.5, -4],
  side: [4, 0.5, 0],
  back: [0, 0.5, 4],
  top: [0, 5, -0.01],
};
const CENTER = new Vector3(0, -0.1, 2.6);
const LARGEST_PIXEL_RATIO = 2;
/** Where the processor draws, smooth edges take half of its time. */
const SOFTWARE = /swiftshader|llvmpipe|software|basic render/i;

export class View {
  readonly canvas: HTMLCanvasElement;
  readonly world = new Scene();
  /** What is given in the camera's own axes: points, frustum, floor. */
  readonly rig = new Group();
  readonly camera = new PerspectiveCamera(50, 1, 0.05, 60);
  readonly controls: OrbitControls;
  afterDraw: () => void = () => undefined;
  private readonly renderer: WebGLRenderer;
  private requested = false;
  private drawn = 0;

  constructor() {
    this.renderer = new WebGLRenderer({ antialias: !drawnByProcessor(), powerPreference: "high-performance" });
    this.canvas = this.renderer.domElement;
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "img");
    this.rig.matrixAutoUpdate = false;
    this.world.add(this.rig);
    this.controls = new OrbitControls(this.camera, this.canvas);
    this.controls.listenToKeyEvents(this.canvas);
    this.controls.addEventListener("change", () => this.draw());
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.resize()).observe(this.canvas);
    this.look("front");
    this.recolor();
  }

  /** Look from a standard side at where the people are. */
  look(side: Side): void {
    this.controls.target.copy(CENTER);
    const [x, y, z] = SIDES[side];
    if (side === "camera") {
      this.camera.position.setFromMatrixPosition(this.rig.matrix);
      this.controls.target.copy(new Vector3(0, 0, 2.6).applyMatrix4(this.rig.matrix));
    } else {
      this.camera.position.copy(CENTER).add(new Vector3(x, y, z));
    }
    this.controls.update();
    this.draw();
  }

  /** Go along with a point, keeping direction and distance. */
  follow(point: Vector3): void {
    const step = point.clone().sub(this.controls.target).multiplyScalar(0.25);
    this.controls.target.add(step);
    this.camera.position.add(step);
    this.controls.update();
  }

  /** Put what is in the camera's axes where the channels have it: a (3, 4) matrix, row by row. */
  place(rows: readonly number[]): void {
    const m = new Matrix4();
    const at = (i: number): number => rows[i] ?? (i % 5 === 0 ? 1 : 0);
    m.set(at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7), at(8), at(9), at(10), at(11), 0, 0, 0, 1);
    if (!m.equals(this.rig.matrix)) {
      this.rig.matrix.copy(m);
      this.rig.matrixWorldNeedsUpdate = true;
    }
  }

  recolor(): void {
    this.world.background = new Color(themeColor("--stage"));
    this.draw();
  }

  /** Draw with the browser's next frame. */
  draw(): void {
    if (this.requested) return;
    this.requested = true;
    requestAnimationFrame(() => this.drawNow());
  }

  /** Draw now: something new has come with the browser's frame that is being made. */
  drawNow(): void {
    this.requested = false;
    if (this.canvas.clientWidth === 0) return;
    this.renderer.render(this.world, this.camera);
    this.drawn += 1;
    this.canvas.dataset["drawn"] = String(this.drawn);
    this.afterDraw();
  }

  /** Where a point of the world is on the canvas, in CSS pixels; null behind the eye. */
  onCanvas(point: Vector3): { x: number; y: number } | null {
    const seen = point.clone().project(this.camera);
    if (seen.z > 1) return null;
    return {
      x: ((seen.x + 1) / 2) * this.canvas.clientWidth,
      y: ((1 - seen.y) / 2) * this.canvas.clientHeight,
    };
  }

  /** How many pixels of the canvas 1 m has at a distance of 1 m. */
  get pixelsPerTangent(): number {
    return this.canvas.height / 2 / Math.tan((this.camera.fov * Math.PI) / 360);
  }

  private resize(): void {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width || !height) return;
    this.renderer.setPixelRatio(Math.min(window.devicePixelRatio, LARGEST_PIXEL_RATIO));
    this.renderer.setSize(width, height, false);
    this.camera.aspect = width / height;
    this.camera.updateProjectionMatrix();
    this.drawNow();
  }

  private key(event: KeyboardEvent): void {
    const factor = { "+": 0.85, "=": 0.85, "-": 1.18 }[event.key];
    if (factor === undefined) return;
    this.camera.position.sub(this.controls.target).multiplyScalar(factor).add(this.controls.target);
    this.controls.update();
    this.draw();
  }
}

function drawnByProcessor(): boolean {
  const gl = document.createElement("canvas").getContext("webgl2");
  const told = gl?.getExtension("WEBGL_debug_renderer_info");
  return told ? SOFTWARE.test(String(gl?.getParameter(told.UNMASKED_RENDERER_WEBGL))) : false;
}
