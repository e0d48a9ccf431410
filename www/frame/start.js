// Last script of the checkout page: runs the WebAssembly whose bytes the page already fetches, under their integrity.
// Packaging puts it behind wasm-bindgen's glue into one module; `__wbg_init` is the glue's.
// Whatever goes wrong (no WebAssembly, a policy without 'wasm-unsafe-eval', changed bytes, no answer, a trap while
// starting): the form that the server rendered stays, and pays without it.
const { wasm, plain } = window.farthing;
if (wasm) __wbg_init({ module_or_path: wasm }).catch(plain);
else plain();
