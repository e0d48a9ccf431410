// Last script of the wallets' document, behind wasm-bindgen's glue in one module: runs the WebAssembly whose bytes the page already fetches.
// Whatever goes wrong, no button appears, and the checkout takes the place away after a while.
const { wasm } = window.farthing || {};
if (wasm) __wbg_init({ module_or_path: wasm }).catch(() => {});
