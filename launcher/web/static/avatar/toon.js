// What both toon shaders share: one light, and vertices that are skinned and morphed as three.js does it.

import { THREE } from "../three.js";

/** The light of all toon materials. direction: towards the light, in world axes. */
export const toonLight = {
  lightDirection: { value: new THREE.Vector3(-0.25, 0.45, 0.85).normalize() },
  lightColor: { value: new THREE.Color(1, 1, 1) },
  seconds: { value: 0 },
};

/** Set the light's direction (Vector3) and brightness (1 = as the model's author saw it). */
export function setToonLight(direction, brightness) {
  toonLight.lightDirection.value.copy(direction).normalize();
  toonLight.lightColor.value.setScalar(brightness);
}

export const VERTEX = /* glsl */ `
  #include <common>
  #include <morphtarget_pars_vertex>
  #include <skinning_pars_vertex>
  varying vec2 vMapUv;
  varying vec3 vWorldNormal;
  varying vec3 vViewNormal;
  varying vec3 vToCamera;
  #ifdef VERTEX_COLORS
    attribute vec4 color;
    varying vec4 vVertexColor;
  #endif
  #ifdef OUTLINE
    uniform float outlineWidth;
    uniform float outlineScreen;
    #ifdef EDGE_SCALE
      attribute float edgeScale;
    #endif
    #ifdef OUTLINE_MAP
      uniform sampler2D outlineMap;
    #endif
  #endif
  void main() {
    vMapUv = uv;
    #ifdef VERTEX_COLORS
      vVertexColor = color;
    #endif
    #include <beginnormal_vertex>
    #include <morphnormal_vertex>
    #include <skinbase_vertex>
    #include <skinnormal_vertex>
    vec3 viewNormal = normalize(normalMatrix * objectNormal);
    vViewNormal = viewNormal;
    vWorldNormal = inverseTransformDirection(viewNormal, viewMatrix);
    #include <begin_vertex>
    #include <morphtarget_vertex>
    #include <skinning_vertex>
    vec4 viewPosition = modelViewMatrix * vec4(transformed, 1.0);
    #ifdef OUTLINE
      float width = outlineWidth;
      #ifdef EDGE_SCALE
        width *= edgeScale;
      #endif
      #ifdef OUTLINE_MAP
        width *= texture2D(outlineMap, uv).g;
      #endif
      // As wide as the model says in metres, or, in shares of the picture's height, wherever the camera is.
      width *= mix(1.0, -viewPosition.z / projectionMatrix[1][1], outlineScreen);
      viewPosition.xyz += viewNormal * width;
    #endif
    gl_Position = projectionMatrix * viewPosition;
    #ifdef OUTLINE
      gl_Position.z += 1e-5 * gl_Position.w;
    #endif
    vToCamera = inverseTransformDirection(normalize(-viewPosition.xyz), viewMatrix);
  }
`;

/** A second mesh that shows `mesh` a little thicker and from inside: its outline, drawn with `material`. */
export function outlineOf(mesh, material) {
  const made = mesh.isSkinnedMesh ? new THREE.SkinnedMesh(mesh.geometry, material) : new THREE.Mesh(mesh.geometry, material);
  if (mesh.isSkinnedMesh) made.bind(mesh.skeleton, mesh.bindMatrix);
  if (mesh.morphTargetInfluences) {
    made.morphTargetInfluences = mesh.morphTargetInfluences; // the same array: it moves along
    made.morphTargetDictionary = undefined;
  }
  made.name = `${mesh.name} outline`;
  made.frustumCulled = false;
  made.renderOrder = mesh.renderOrder;
  made.userData.isOutline = true;
  mesh.add(made);
  return made;
}
