// What a model of MMD begins with.

export const isPmx = (bytes) => bytes[0] === 0x50 && (bytes[1] | 0x20) === 0x6d && bytes[2] === 0x58 && bytes[3] === 0x20;
export const isPmd = (bytes) => bytes[0] === 0x50 && bytes[1] === 0x6d && bytes[2] === 0x64;
