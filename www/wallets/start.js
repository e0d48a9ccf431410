// Last script of the wallets' document, behind wasm-bindgen's glue in one module, as ../frame/start.js is in the checkout's.
// Whatever goes wrong, no button appears, and the checkout takes the place away after a while.
const { wasm: response } = window.farthing || {};
const run = async () => {
  const { instance, module } = await WebAssembly.instantiateStreaming(response, __wbg_get_imports());
  __wbg_finalize_init(instance, module);
};
if (response) run().catch(() => {});
