/** Skeletons: a colour for each player; bones solid where both ends are seen, dashed where predicted, faint else. */
import { Color, DynamicDrawUsage, Group, IcosahedronGeometry, InstancedMesh, Matrix4, MeshBasicMaterial, Vector3 } from "three";
import type { InstancedInterleavedBuffer, InterleavedBufferAttribute } from "three";
import { LineMaterial } from "three/addons/lines/LineMaterial.js";
import { LineSegments2 } from "three/addons/lines/LineSegments2.js";
import { LineSegmentsGeometry } from "three/addons/lines/LineSegmentsGeometry.js";
import { playerColor, themeColor } from "../colors";
import type { JointRow } from "../messages";

export const VALUES = 8;
const MOST_PLAYERS = 16;
const DASHES = 4;
const FAINT = 0.3;
const SEEN = 2;
const PREDICTED = 1;
const HEAD = 26;

export interface Player {
  place: number;
  id: number;
  head: Vector3;
  pelvis: Vector3;
}

export class Skeletons {
  readonly group = new Group();
  players: Player[] = [];
  private readonly lines: LineSegments2;
  private readonly positions: InstancedInterleavedBuffer;
  private readonly colors: InstancedInterleavedBuffer;
  private readonly joints: InstancedMesh;
  private readonly background = new Color();
  private used = 0;

  constructor(private readonly rows: readonly JointRow[]) {
    const most = MOST_PLAYERS * rows.length * DASHES;
    const geometry = new LineSegmentsGeometry();
    geometry.setPositions(new Float32Array(most * 6));
    geometry.setColors(new Float32Array(most * 6));
    this.positions = buffer(geometry, "instanceStart");
    this.colors = buffer(geometry, "instanceColorStart");
    this.lines = new LineSegments2(geometry, new LineMaterial({ linewidth: 4, vertexColors: true, depthTest: false, transparent: true }));
    this.lines.frustumCulled = false;
    this.joints = new InstancedMesh(new IcosahedronGeometry(0.02, 1), new MeshBasicMaterial({ depthTest: false, transparent: true }), MOST_PLAYERS * rows.length);
    this.joints.frustumCulled = false;
    this.joints.count = 0;
    // Over the points, which would hide what is inside of a body.
    this.lines.renderOrder = this.joints.renderOrder = 1;
    this.group.add(this.lines, this.joints);
  }

  /** Draw bones so many CSS pixels wide, but never too thin to be seen. */
  setWidth(pixels: number): void {
    (this.lines.material as LineMaterial).linewidth = Math.max(3, pixels);
  }

  /** Show the players: `joints` float32 (P, 32, 8), `ids` 0 where a place is empty. */
  update(joints: Float32Array, ids: readonly number[]): void {
    this.used = 0;
    this.joints.count = 0;
    this.players = [];
    this.background.set(themeColor("--stage"));
    ids.forEach((id, row) => {
      if (id > 0) this.player(joints.subarray(row * 32 * VALUES, (row + 1) * 32 * VALUES), row + 1, id);
    });
    this.lines.geometry.instanceCount = this.used;
    this.positions.needsUpdate = true;
    this.colors.needsUpdate = true;
    this.joints.instanceMatrix.needsUpdate = true;
    if (this.joints.instanceColor) this.joints.instanceColor.needsUpdate = true;
    this.lines.visible = this.used > 0;
  }

  private player(values: Float32Array, place: number, id: number): void {
    const color = new Color(playerColor(place));
    const background = this.background;
    const point = (joint: number): Vector3 => new Vector3(...values.subarray(joint * VALUES, joint * VALUES + 3));
    const sure = (joint: number): number => values[joint * VALUES + 3] ?? 0;
    this.rows.forEach((row, joint) => {
      const shade = color.clone();
      if (sure(joint) < PREDICTED) shade.lerp(background, 1 - FAINT);
      this.joint(point(joint), sure(joint), shade);
      if (row.parent >= 0) {
        this.bone(point(row.parent), point(joint), Math.min(sure(row.parent), sure(joint)), color, background);
      }
    });
    this.players.push({ place, id, head: point(HEAD), pelvis: point(0) });
  }

  private joint(at: Vector3, confidence: number, color: Color): void {
    const size = confidence >= SEEN ? 1 : 0.6;
    this.joints.setMatrixAt(this.joints.count, new Matrix4().makeScale(size, size, size).setPosition(at));
    this.joints.setColorAt(this.joints.count, color);
    this.joints.count += 1;
    this.joints.instanceMatrix.setUsage(DynamicDrawUsage);
  }

  private bone(from: Vector3, to: Vector3, confidence: number, color: Color, background: Color): void {
    if (confidence >= SEEN) {
      this.segment(from, to, color);
      return;
    }
    if (confidence < PREDICTED) {
      this.segment(from, to, color.clone().lerp(background, 1 - FAINT));
      return;
    }
    const step = to.clone().sub(from).divideScalar(DASHES - 0.5);
    for (let dash = 0; dash < DASHES; dash += 1) {
      const start = from.clone().addScaledVector(step, dash);
      this.segment(start, start.clone().addScaledVector(step, 0.5), color);
    }
  }

  private segment(from: Vector3, to: Vector3, color: Color): void {
    this.positions.array.set([from.x, from.y, from.z, to.x, to.y, to.z], this.used * 6);
    this.colors.array.set([color.r, color.g, color.b, color.r, color.g, color.b], this.used * 6);
    this.used += 1;
  }
}

function buffer(geometry: LineSegmentsGeometry, name: string): InstancedInterleavedBuffer {
  const attribute = geometry.getAttribute(name) as InterleavedBufferAttribute;
  const data = attribute.data as InstancedInterleavedBuffer;
  data.setUsage(DynamicDrawUsage);
  return data;
}
