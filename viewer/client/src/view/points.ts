/** The point cloud: a depth image times the rays of its pixels, on the graphics card. */
import { BufferAttribute, BufferGeometry, DataTexture, DynamicDrawUsage, GLSL3, LinearFilter, NearestFilter, Points, ShaderMaterial, Texture } from "three";

/** Rays come as int16, times this; see cloud.py. */
const RAY_SCALE = 8192;

const VERTEX = `
in vec2 ray;
in float depth;
uniform float pixels;
uniform ivec2 grid;
uniform bool colored;
uniform sampler2D colors;
out vec3 tint;

vec3 byDepth(float z) {
  float at = clamp((z - 0.5) / 5.5, 0.0, 1.0);
  return clamp(1.5 - abs(4.0 * at - vec3(1.0, 2.0, 3.0)), 0.0, 1.0) * 0.75 + 0.1;
}

void main() {
  float z = depth * 0.001;
  if (z <= 0.0) {
    gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
    gl_PointSize = 0.0;
    return;
  }
  vec4 seen = modelViewMatrix * vec4(-ray.x * z, -ray.y * z, z, 1.0);
  gl_Position = projectionMatrix * seen;
  gl_PointSize = clamp(pixels * z / max(-seen.z, 0.1), 1.0, 24.0);
  tint = colored ? texelFetch(colors, ivec2(gl_VertexID % grid.x, gl_VertexID / grid.x), 0).rgb : byDepth(z);
}`;

const FRAGMENT = `
in vec3 tint;
out vec4 color;
void main() {
  color = vec4(tint, 1.0);
}`;

export class PointCloud {
  readonly points: Points<BufferGeometry, ShaderMaterial>;
  private readonly geometry = new BufferGeometry();
  private pitch = 0.006;
  private width = 0;
  private height = 0;
  private texture: Texture;

  constructor(private readonly changed: () => void) {
    this.texture = new DataTexture(new Uint8Array(4), 1, 1);
    const material = new ShaderMaterial({
      glslVersion: GLSL3,
      vertexShader: VERTEX,
      fragmentShader: FRAGMENT,
      uniforms: {
        pixels: { value: 3 },
        grid: { value: [1, 1] },
        colored: { value: false },
        colors: { value: this.texture },
      },
    });
    this.points = new Points(this.geometry, material);
    this.points.frustumCulled = false;
    this.points.visible = false;
  }

  /** Take the rays of a camera: int16 (N, 2), in rows of some width. */
  setRays(data: DataView<ArrayBuffer>, width: number): void {
    const scaled = new Int16Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength));
    this.geometry.setAttribute("ray", new BufferAttribute(Float32Array.from(scaled, (value) => value / RAY_SCALE), 2));
    const depth = new BufferAttribute(new Uint16Array(scaled.length / 2), 1);
    depth.setUsage(DynamicDrawUsage);
    this.geometry.setAttribute("depth", depth);
    this.geometry.setDrawRange(0, scaled.length / 2);
    const center = 2 * (Math.floor(scaled.length / 4 / width) * width + Math.floor(width / 2));
    this.pitch = Math.abs((scaled[center + 2] ?? 0) - (scaled[center] ?? 0)) / RAY_SCALE;
  }

  /** Take a thinned depth image, deflated. */
  async setDepth(data: DataView<ArrayBuffer>, width: number, height: number): Promise<void> {
    const planes = await inflated(data);
    const depth = this.geometry.getAttribute("depth") as BufferAttribute | undefined;
    if (!depth || depth.count !== width * height || planes.length !== 2 * width * height) return;
    accumulate(planes, depth.array as Uint16Array, width, height);
    depth.needsUpdate = true;
    [this.width, this.height] = [width, height];
    this.points.material.uniforms["grid"]!.value = [width, height];
    this.points.visible = true;
    this.changed();
  }

  /** Take the colours of the thinned image: a JPEG; null goes back to colours by depth. */
  async setColors(data: DataView<ArrayBuffer> | null): Promise<void> {
    const uniforms = this.points.material.uniforms;
    if (!data) {
      uniforms["colored"]!.value = false;
      return;
    }
    const picture = await createImageBitmap(new Blob([data], { type: "image/jpeg" }));
    if (picture.width !== this.width || picture.height !== this.height) return;
    const texture = new Texture(picture);
    texture.magFilter = NearestFilter;
    texture.minFilter = LinearFilter;
    texture.generateMipmaps = false;
    texture.flipY = false;
    texture.needsUpdate = true;
    this.texture.dispose();
    this.texture = texture;
    uniforms["colors"]!.value = texture;
    uniforms["colored"]!.value = true;
    this.changed();
  }

  /** Make points as large as they lie apart, on a canvas where 1 m at a distance of 1 m has so many pixels. */
  setScale(pixelsPerTangent: number): void {
    this.points.material.uniforms["pixels"]!.value = Math.max(1, this.pitch * pixelsPerTangent * 1.4);
  }

  hide(): void {
    this.points.visible = false;
  }
}

async function inflated(data: DataView<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([data]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Add up the differences of each row; low bytes come first, then the high ones. */
function accumulate(planes: Uint8Array, depth: Uint16Array, width: number, height: number): void {
  const count = width * height;
  for (let row = 0, i = 0; row < height; row += 1) {
    for (let column = 0, sum = 0; column < width; column += 1, i += 1) {
      sum = (sum + (planes[i] ?? 0) + ((planes[count + i] ?? 0) << 8)) & 0xffff;
      depth[i] = sum;
    }
  }
}
