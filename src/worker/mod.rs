//! The Worker: the only module that names `worker` or wasm-bindgen.
//!
//! Each value that crosses between wasm and JavaScript costs more CPU time than most work on either side. So this
//! goes around `worker`'s own request, response and database: `index.ts` has the handlers and drives the
//! tasks, and `host.ts` does what they ask for (docs/decisions/0001-host-interface.md).

#[cfg(target_arch = "wasm32")]
mod d1;
#[cfg(target_arch = "wasm32")]
mod exports;
#[cfg(target_arch = "wasm32")]
mod host;
#[cfg(target_arch = "wasm32")]
mod request;
#[cfg(target_arch = "wasm32")]
mod strings;
#[cfg(any(target_arch = "wasm32", test))]
mod tasks;
