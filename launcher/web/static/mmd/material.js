// The look of MMD's models: colours as they are stored, a toon ramp for the shade, a sphere picture for the shine.

import { THREE } from "../three.js";
import { VERTEX, toonLight } from "../avatar/toon.js";

const LIGHT = 154 / 255; // of MMD's own light; models are painted for it

// MMD brings ten ramps that models refer to by number. These are not its pictures, only ramps of the same use: the
// shade's colour from the light side (top) to the dark one.
const SHARED_RAMPS = [
  [[255, 255, 255], [205, 205, 205]], [[255, 255, 255], [245, 225, 225]], [[255, 255, 255], [160, 160, 160]],
  [[255, 255, 255], [248, 239, 235]], [[255, 255, 255], [255, 232, 221]], [[255, 246, 206], [240, 220, 140]],
  [[255, 255, 255], [255, 255, 255]], [[255, 255, 255], [255, 255, 255]], [[255, 255, 255], [255, 255, 255]],
  [[255, 255, 255], [255, 255, 255]],
];

const FRAGMENT = /* glsl */ `
  #include <common>
  uniform vec4 diffuse;
  uniform vec3 ambient;
  uniform vec3 specular;
  uniform float shininess;
  uniform vec3 lightDirection;
  uniform vec3 lightColor;
  uniform vec4 edgeColor;
  #ifdef MAP
    uniform sampler2D map;
  #endif
  #ifdef TOON
    uniform sampler2D toonMap;
  #endif
  #ifdef SPHERE
    uniform sampler2D sphereMap;
  #endif
  varying vec2 vMapUv;
  varying vec3 vWorldNormal;
  varying vec3 vViewNormal;
  varying vec3 vToCamera;
  void main() {
    #ifdef OUTLINE
      gl_FragColor = edgeColor;
      return;
    #endif
    vec3 light = lightColor * ${LIGHT.toFixed(4)};
    vec4 color = vec4(clamp(ambient + diffuse.rgb * light, 0.0, 1.0), diffuse.a);
    #ifdef MAP
      color *= texture2D(map, vMapUv);
    #endif
    if (color.a < 0.004) discard;
    vec3 normal = normalize(vWorldNormal) * (gl_FrontFacing ? 1.0 : -1.0);
    #ifdef SPHERE
      vec3 view = normalize(vViewNormal);
      vec3 shine = texture2D(sphereMap, view.xy * 0.495 + 0.5).rgb;
      #ifdef SPHERE_ADD
        color.rgb += shine;
      #else
        color.rgb *= shine;
      #endif
    #endif
    float level = dot(normal, lightDirection);
    #ifdef TOON
      color.rgb *= texture2D(toonMap, vec2(0.5, clamp(0.5 - 0.5 * level, 0.01, 0.99))).rgb;
    #endif
    if (shininess > 0.0) {
      vec3 halfway = normalize(lightDirection + normalize(vToCamera));
      color.rgb += specular * light * pow(max(dot(normal, halfway), 0.0), shininess);
    }
    gl_FragColor = vec4(clamp(color.rgb, 0.0, 1.0), color.a);
  }
`;

/** The ramp number `index` (0 to 9) that every copy of MMD has. */
export function sharedToon(index) {
  const [bright, dark] = SHARED_RAMPS[index] ?? SHARED_RAMPS[9];
  const data = new Uint8Array(32 * 4);
  for (let row = 0; row < 32; row++) {
    const share = Math.min(1, Math.max(0, (18 - row) / 5)); // row 0 is the brightest, as in MMD's own
    for (let c = 0; c < 3; c++) data[row * 4 + c] = dark[c] + (bright[c] - dark[c]) * share;
    data[row * 4 + 3] = 255;
  }
  const texture = new THREE.DataTexture(data, 1, 32);
  texture.magFilter = texture.minFilter = THREE.LinearFilter;
  texture.needsUpdate = true;
  return texture;
}

/** material: as `pmx.js` reads it. maps: { map, toonMap, sphereMap }, textures or null. */
export function mmdMaterial(material, maps, isOutline = false) {
  const defines = {};
  if (maps.map) defines.MAP = "";
  if (maps.toonMap) defines.TOON = "";
  if (maps.sphereMap) defines.SPHERE = "";
  if (maps.sphereMap && material.sphereMode === "add") defines.SPHERE_ADD = "";
  if (isOutline) Object.assign(defines, { OUTLINE: "", EDGE_SCALE: "" });
  const used = Object.entries(maps).filter(([, texture]) => texture);
  const made = new THREE.ShaderMaterial({
    vertexShader: VERTEX,
    fragmentShader: FRAGMENT,
    defines,
    uniforms: {
      ...toonLight,
      ...Object.fromEntries(used.map(([name, value]) => [name, { value }])),
      diffuse: { value: new THREE.Vector4(...material.diffuse) },
      ambient: { value: new THREE.Vector3(...material.ambient) },
      specular: { value: new THREE.Vector3(...material.specular) },
      shininess: { value: material.shininess },
      edgeColor: { value: new THREE.Vector4(...material.edgeColour) },
      outlineWidth: { value: material.edgeSize * 0.0024 },
      outlineScreen: { value: 0.6 },
    },
    side: isOutline ? THREE.BackSide : material.doubleSided ? THREE.DoubleSide : THREE.FrontSide,
    transparent: true, // textures of hair and lashes have soft edges; MMD draws in the file's order and so do we
    visible: !isOutline || (material.hasEdge && material.edgeSize > 0 && material.diffuse[3] > 0.9),
  });
  made.name = material.name;
  return made;
}
