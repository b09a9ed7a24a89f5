// three.js with its glTF loader and orbit controls, from the file that NiceGUI brings along. Until version 3.15 it was
// one object.

import * as bundle from "../three.js";

const { GLTFLoader, OrbitControls, THREE } = bundle.THREE ? bundle : bundle.default;

export { GLTFLoader, OrbitControls, THREE };
