// Keeps the wasm instance that is made after this module is loaded.

const { Instance } = WebAssembly;
let instance;

// biome-ignore lint/complexity/useArrowFunction: it is called with `new`
WebAssembly.Instance = function (...args) {
  instance = new Instance(...args);
  return instance;
};

export const exports = () => instance.exports;
