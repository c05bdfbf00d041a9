use worker::web_sys::{Request, Response};
use worker::{Context, Env, Result, event};

#[cfg(feature = "hash")]
mod hash;

#[event(fetch)]
async fn fetch(_: Request, _: Env, _: Context) -> Result<Response> {
    #[cfg(feature = "hash")]
    std::hint::black_box(hash::compute());
    Ok(Response::new()?)
}
