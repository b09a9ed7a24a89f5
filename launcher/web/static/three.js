// three.js and its glTF loader, from the file that NiceGUI brings along. Until version 3.15 it was one object.

import * as bundle from "../three.js";

const { GLTFLoader, THREE } = bundle.THREE ? bundle : bundle.default;

export { GLTFLoader, THREE };
