//! What axum does at most on this machine: one route that says hello in JSON.

use anyhow::Result;
use axum::Router;
use axum::http::header;
use axum::routing::get;
use std::net::SocketAddr;
use tokio::net::TcpListener;

pub(crate) async fn serve(listen: SocketAddr) -> Result<()> {
    let hello = || async {
        let kind = [(header::CONTENT_TYPE, "application/json")];
        (kind, r#"{"hello":"world"}"#)
    };
    let routes: Router = Router::new().route("/", get(hello));
    let listener = TcpListener::bind(listen).await?;
    axum::serve(listener, routes).await?;
    Ok(())
}
