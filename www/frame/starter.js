// Begins the download of the module at once, with its integrity, while the glue is still on its way.
// Stands in <head>, so that nothing of the page has to be parsed or drawn first; start.js takes over from here. A refused download shows there, not as an unhandled error.
if (window.WebAssembly) {
  window.farthing ||= {};
  (window.farthing.wasm = fetch("{wasm}", { integrity: "{integrity}" })).catch(() => {});
}
