// The look of VRM models: MToon 1.0 (VRMC_materials_mtoon), and VRM 0's materials translated to it.

import { THREE } from "../three.js";
import { VERTEX, outlineOf, toonLight } from "./toon.js";

const FRAGMENT = /* glsl */ `
  #include <common>
  uniform vec3 litColor;
  uniform float opacity;
  uniform vec3 shadeColor;
  uniform float shift;
  uniform float toony;
  uniform vec3 emissive;
  uniform vec3 matcapColor;
  uniform vec3 rimColor;
  uniform float rimPower;
  uniform float rimLift;
  uniform float rimLighting;
  uniform float cutoff;
  uniform vec3 lightDirection;
  uniform vec3 lightColor;
  uniform float seconds;
  uniform vec3 uvMove;
  uniform mat3 mapTransform;
  uniform vec3 outlineColor;
  uniform float outlineLighting;
  uniform float normalScale;
  #ifdef MAP
    uniform sampler2D map;
  #endif
  #ifdef SHADE_MAP
    uniform sampler2D shadeMap;
  #endif
  #ifdef SHIFT_MAP
    uniform sampler2D shiftMap;
    uniform float shiftScale;
  #endif
  #ifdef NORMAL_MAP
    uniform sampler2D normalMap;
  #endif
  #ifdef EMISSIVE_MAP
    uniform sampler2D emissiveMap;
  #endif
  #ifdef MATCAP_MAP
    uniform sampler2D matcapMap;
  #endif
  #ifdef RIM_MAP
    uniform sampler2D rimMap;
  #endif
  #ifdef UV_MASK
    uniform sampler2D uvMask;
  #endif
  varying vec2 vMapUv;
  varying vec3 vWorldNormal;
  varying vec3 vViewNormal;
  varying vec3 vToCamera;
  #ifdef VERTEX_COLORS
    varying vec4 vVertexColor;
  #endif

  void main() {
    vec2 at = vMapUv;
    float mask = 1.0;
    #ifdef UV_MASK
      mask = texture2D(uvMask, at).b;
    #endif
    float angle = uvMove.z * seconds * mask;
    at = mat2(cos(angle), sin(angle), -sin(angle), cos(angle)) * (at - 0.5) + 0.5 + uvMove.xy * seconds * mask;
    at = (mapTransform * vec3(at, 1.0)).xy;

    vec4 texel = vec4(1.0);
    #ifdef MAP
      texel = texture2D(map, at);
    #endif
    #ifdef VERTEX_COLORS
      texel *= vVertexColor;
    #endif
    float alpha = texel.a * opacity;
    #ifdef CUTOUT
      if (alpha < cutoff) discard;
      alpha = 1.0;
    #endif
    #ifdef SOLID
      alpha = 1.0;
    #endif

    vec3 normal = normalize(vWorldNormal);
    vec3 viewNormal = normalize(vViewNormal);
    float facing = gl_FrontFacing ? 1.0 : -1.0;
    normal *= facing;
    viewNormal *= facing;
    #ifdef NORMAL_MAP
      // The tangents from how texture and surface change over the screen: few files bring their own.
      vec3 dx = dFdx(vToCamera), dy = dFdy(vToCamera);
      vec2 ux = dFdx(at), uy = dFdy(at);
      vec3 tangent = -(uy.y * dx - ux.y * dy), bitangent = -(ux.x * dy - uy.x * dx);
      float size = max(dot(tangent, tangent), dot(bitangent, bitangent));
      if (size > 0.0) {
        vec3 bump = texture2D(normalMap, at).xyz * 2.0 - 1.0;
        bump.xy *= normalScale;
        normal = normalize(mat3(tangent * inversesqrt(size), bitangent * inversesqrt(size), normal) * bump);
      }
    #endif

    vec3 lit = litColor * texel.rgb;
    vec3 shade = shadeColor;
    #ifdef SHADE_MAP
      shade *= texture2D(shadeMap, at).rgb;
    #else
      shade *= texel.rgb;
    #endif
    float level = dot(normal, lightDirection) + shift;
    #ifdef SHIFT_MAP
      level += texture2D(shiftMap, at).r * shiftScale;
    #endif
    level = clamp((level + 1.0 - toony) / max(2.0 * (1.0 - toony), 1e-4), 0.0, 1.0);
    vec3 result = mix(shade, lit, level) * lightColor;

    vec3 towards = normalize(vToCamera);
    vec3 rim = vec3(0.0);
    #ifdef MATCAP_MAP
      vec3 across = normalize(vec3(viewNormal.xy, 0.0) + vec3(0.0, 0.0, 1e-4));
      rim += matcapColor * texture2D(matcapMap, viewNormal.xy * 0.495 + 0.5).rgb;
    #endif
    rim += rimColor * pow(clamp(1.0 - dot(normal, towards) + rimLift, 0.0, 1.0), max(rimPower, 1e-4));
    #ifdef RIM_MAP
      rim *= texture2D(rimMap, at).rgb;
    #endif
    result += rim * mix(vec3(1.0), lightColor, rimLighting);
    vec3 glow = emissive;
    #ifdef EMISSIVE_MAP
      glow *= texture2D(emissiveMap, at).rgb;
    #endif
    result += glow;
    #ifdef OUTLINE
      result = outlineColor * mix(vec3(1.0), result, outlineLighting);
    #endif
    gl_FragColor = vec4(result, alpha);
    #include <colorspace_fragment>
  }
`;

const SIDES = { 0: THREE.DoubleSide, 1: THREE.BackSide, 2: THREE.FrontSide };
const linear = ([r, g, b]) => new THREE.Color().setRGB(r, g, b, THREE.SRGBColorSpace);
const plain = ([r, g, b]) => new THREE.Color(r, g, b);

/** A ShaderMaterial with `settings`; see `fromVrm1` for what they are. */
function build(settings, isOutline = false) {
  const maps = Object.entries(settings.maps).filter(([, texture]) => texture);
  const names = {
    map: "MAP", shadeMap: "SHADE_MAP", shiftMap: "SHIFT_MAP", normalMap: "NORMAL_MAP", emissiveMap: "EMISSIVE_MAP",
    matcapMap: "MATCAP_MAP", rimMap: "RIM_MAP", uvMask: "UV_MASK", outlineMap: "OUTLINE_MAP",
  };
  const defines = Object.fromEntries(maps.map(([name]) => [names[name], ""]));
  if (settings.blend === "cutout") defines.CUTOUT = "";
  if (settings.blend === "opaque") defines.SOLID = "";
  if (settings.vertexColors) defines.VERTEX_COLORS = "";
  if (isOutline) defines.OUTLINE = "";
  const transparent = settings.blend.startsWith("transparent");
  const material = new THREE.ShaderMaterial({
    vertexShader: VERTEX,
    fragmentShader: FRAGMENT,
    defines,
    uniforms: {
      ...toonLight,
      ...Object.fromEntries(maps.map(([name, value]) => [name, { value }])),
      ...Object.fromEntries(Object.entries(settings.values).map(([name, value]) => [name, { value }])),
      mapTransform: { value: settings.mapTransform },
    },
    side: isOutline ? THREE.BackSide : settings.side,
    transparent,
    depthWrite: !transparent || settings.blend === "transparentZWrite",
  });
  material.isToon = true;
  material.name = settings.name;
  return material;
}

/** A binding point for expressions: colour name -> Color, shared by the material and its outline. */
const colours = ({ values }) => ({
  color: values.litColor, shadeColor: values.shadeColor, emissionColor: values.emissive, matcapColor: values.matcapColor,
  rimColor: values.rimColor, outlineColor: values.outlineColor,
});

function defaults(name) {
  return {
    name, blend: "opaque", side: THREE.FrontSide, maps: {}, outline: null, order: 0, mapTransform: new THREE.Matrix3(),
    values: {
      litColor: new THREE.Color(1, 1, 1), opacity: 1, shadeColor: new THREE.Color(0, 0, 0), shift: 0, toony: 0.9,
      emissive: new THREE.Color(0, 0, 0), matcapColor: new THREE.Color(1, 1, 1), rimColor: new THREE.Color(0, 0, 0),
      rimPower: 5, rimLift: 0, rimLighting: 1, cutoff: 0.5, uvMove: new THREE.Vector3(), outlineColor: new THREE.Color(0, 0, 0),
      outlineLighting: 1, outlineWidth: 0, outlineScreen: 0, normalScale: 1, shiftScale: 1,
    },
  };
}

async function fromVrm1(definition, texture) {
  const toon = definition.extensions.VRMC_materials_mtoon;
  const pbr = definition.pbrMetallicRoughness ?? {};
  const made = defaults(definition.name);
  const { values } = made;
  const [r = 1, g = 1, b = 1, a = 1] = pbr.baseColorFactor ?? [];
  values.litColor = plain([r, g, b]);
  values.opacity = a;
  made.blend = { OPAQUE: "opaque", MASK: "cutout", BLEND: toon.transparentWithZWrite ? "transparentZWrite" : "transparent" }[
    definition.alphaMode ?? "OPAQUE"
  ];
  values.cutoff = definition.alphaCutoff ?? 0.5;
  made.side = definition.doubleSided ? THREE.DoubleSide : THREE.FrontSide;
  made.order = toon.renderQueueOffsetNumber ?? 0;
  values.shadeColor = plain(toon.shadeColorFactor ?? [0, 0, 0]);
  values.shift = toon.shadingShiftFactor ?? 0;
  values.toony = toon.shadingToonyFactor ?? 0.9;
  values.shiftScale = toon.shadingShiftTexture?.scale ?? 1;
  const strength = definition.extensions.KHR_materials_emissive_strength?.emissiveStrength ?? 1;
  values.emissive = plain(definition.emissiveFactor ?? [0, 0, 0]).multiplyScalar(strength);
  values.matcapColor = plain(toon.matcapFactor ?? [1, 1, 1]);
  values.rimColor = plain(toon.parametricRimColorFactor ?? [0, 0, 0]);
  values.rimPower = toon.parametricRimFresnelPowerFactor ?? 5;
  values.rimLift = toon.parametricRimLiftFactor ?? 0;
  values.rimLighting = toon.rimLightingMixFactor ?? 1;
  values.normalScale = definition.normalTexture?.scale ?? 1;
  const spin = toon.uvAnimationRotationSpeedFactor ?? 0;
  values.uvMove = new THREE.Vector3(toon.uvAnimationScrollXSpeedFactor ?? 0, toon.uvAnimationScrollYSpeedFactor ?? 0, spin);
  const transform = (pbr.baseColorTexture ?? toon.shadeMultiplyTexture)?.extensions?.KHR_texture_transform;
  if (transform) {
    const { offset = [0, 0], scale = [1, 1], rotation = 0 } = transform;
    made.mapTransform.setUvTransform(offset[0], offset[1], scale[0], scale[1], -rotation, 0, 0);
  }
  made.maps = await allOf({
    map: texture(pbr.baseColorTexture, true),
    shadeMap: texture(toon.shadeMultiplyTexture, true),
    shiftMap: texture(toon.shadingShiftTexture),
    normalMap: texture(definition.normalTexture),
    emissiveMap: texture(definition.emissiveTexture, true),
    matcapMap: texture(toon.matcapTexture, true),
    rimMap: texture(toon.rimMultiplyTexture, true),
    uvMask: texture(toon.uvAnimationMaskTexture),
  });
  const mode = toon.outlineWidthMode ?? "none";
  if (mode !== "none" && toon.outlineWidthFactor > 0) {
    made.outline = await texture(toon.outlineWidthMultiplyTexture);
    values.outlineWidth = toon.outlineWidthFactor;
    values.outlineScreen = mode === "screenCoordinates" ? 2 : 0;
    values.outlineColor = plain(toon.outlineColorFactor ?? [0, 0, 0]);
    values.outlineLighting = toon.outlineLightingMixFactor ?? 1;
    made.hasOutline = true;
  }
  return made;
}

async function fromVrm0({ name, floatProperties: f = {}, vectorProperties: v = {}, textureProperties: t = {}, renderQueue }, texture) {
  const made = defaults(name);
  const { values } = made;
  const main = v._Color ?? [1, 1, 1, 1];
  values.litColor = linear(main);
  values.opacity = main[3] ?? 1;
  made.blend = ["opaque", "cutout", "transparent", "transparentZWrite"][f._BlendMode ?? 0] ?? "opaque";
  values.cutoff = f._Cutoff ?? 0.5;
  made.side = SIDES[f._CullMode ?? 2] ?? THREE.FrontSide;
  made.order = made.blend.startsWith("transparent") ? (renderQueue ?? 3000) - 3000 : 0;
  values.shadeColor = linear(v._ShadeColor ?? [0.97, 0.81, 0.86]);
  const shift = f._ShadeShift ?? 0;
  values.toony = THREE.MathUtils.lerp(f._ShadeToony ?? 0.9, 1, 0.5 + 0.5 * shift);
  values.shift = -shift - (1 - values.toony);
  values.emissive = linear(v._EmissionColor ?? [0, 0, 0]);
  values.rimColor = linear(v._RimColor ?? [0, 0, 0]);
  values.rimPower = f._RimFresnelPower ?? 1;
  values.rimLift = f._RimLift ?? 0;
  values.rimLighting = f._RimLightingMix ?? 0;
  values.normalScale = f._BumpScale ?? 1;
  values.uvMove = new THREE.Vector3(f._UvAnimScrollX ?? 0, -(f._UvAnimScrollY ?? 0), (f._UvAnimRotation ?? 0) * 2 * Math.PI);
  const [ox = 0, oy = 0, sx = 1, sy = 1] = v._MainTex ?? [];
  made.mapTransform.setUvTransform(ox, 1 - oy - sy, sx, sy, 0, 0, 0);
  const of = (property, isColour) => (t[property] === undefined ? null : texture({ index: t[property] }, isColour));
  made.maps = await allOf({
    map: of("_MainTex", true), shadeMap: of("_ShadeTexture", true), normalMap: of("_BumpMap"), emissiveMap: of("_EmissionMap", true),
    matcapMap: of("_SphereAdd", true), rimMap: of("_RimTexture", true), uvMask: of("_UvAnimMaskTexture"),
  });
  if (f._OutlineWidthMode > 0 && f._OutlineWidth > 0) {
    made.outline = await of("_OutlineWidthTexture");
    values.outlineWidth = f._OutlineWidth * 0.01; // centimetres
    values.outlineScreen = f._OutlineWidthMode === 2 ? 1 : 0;
    values.outlineColor = linear(v._OutlineColor ?? [0, 0, 0]);
    values.outlineLighting = f._OutlineColorMode === 1 ? f._OutlineLightingMix ?? 1 : 0;
    made.hasOutline = true;
  }
  return made;
}

async function allOf(promises) {
  const names = Object.keys(promises);
  const values = await Promise.all(Object.values(promises));
  return Object.fromEntries(names.map((name, i) => [name, values[i]]));
}

/**
 * Give the meshes of `scene` the toon look that `json` describes for them, outlines included. texture: (info, isColour)
 * -> Promise of a texture. materialIndex: mesh -> its index in the file.
 *
 * Returns what expressions can change: material index -> { colours, transforms: [Matrix3] }.
 */
export async function applyToon(scene, json, texture, materialIndex) {
  const meshes = [];
  scene.traverse((object) => {
    if (object.isMesh) meshes.push(object);
  });
  const settings = new Map();
  const bindable = new Map();
  for (const mesh of meshes) {
    const index = materialIndex(mesh);
    if (index === undefined) continue;
    if (!settings.has(index)) settings.set(index, await read(json, index, texture));
    const made = settings.get(index);
    if (!made) continue;
    const own = { ...made, vertexColors: Boolean(mesh.geometry.attributes.color) };
    mesh.material.dispose();
    mesh.material = build(own);
    mesh.renderOrder = made.order;
    if (made.hasOutline) outlineOf(mesh, build({ ...own, maps: { ...own.maps, outlineMap: made.outline } }, true));
    bindable.set(index, { colours: colours(made), transforms: [made.mapTransform] });
  }
  return bindable;
}

function read(json, index, texture) {
  const definition = json.materials[index];
  if (definition.extensions?.VRMC_materials_mtoon) return fromVrm1(definition, texture);
  const old = json.extensions?.VRM?.materialProperties?.[index];
  return old?.shader === "VRM/MToon" ? fromVrm0(old, texture) : null;
}
