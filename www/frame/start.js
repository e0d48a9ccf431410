// Last script of the checkout page: runs the WebAssembly whose bytes the page already fetches, under their integrity.
// Packaging puts it behind wasm-bindgen's glue into one module; `__wbg_…` are the glue's. Its own loader, which knows servers that send
// modules as something else, is left out by that.
// Whatever goes wrong (no WebAssembly, a policy without 'wasm-unsafe-eval', changed bytes, no answer, a trap while
// starting): the form that the server rendered stays, and pays without it.
const { wasm: response, plain } = window.farthing;
const run = async () => {
  const { instance, module } = await WebAssembly.instantiateStreaming(response, __wbg_get_imports());
  __wbg_finalize_init(instance, module);
};
if (response) run().catch(plain);
else plain();
