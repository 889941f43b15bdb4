//! The HTTP under object_store: hyper, as everywhere here, with the roots that the system trusts.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector as Tcp;
use hyper_util::rt::TokioExecutor;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody,
    HttpResponse, HttpService,
};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::timeout;

const CONNECT_MAX: Duration = Duration::from_secs(5);
/// An answer that does not come, or stops coming, for so long is given up.
const SILENCE_MAX: Duration = Duration::from_secs(30);
const IDLE_MAX: Duration = Duration::from_secs(60);

type Hyper = Client<HttpsConnector<Tcp>, HttpRequestBody>;

/// Which servers it speaks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Connector {
    /// In the clear, and needing no root.
    Http,
    Https,
}

impl Connector {
    fn client(self) -> Result<Hyper, Box<dyn std::error::Error + Send + Sync>> {
        let mut tcp = Tcp::new();
        tcp.set_connect_timeout(Some(CONNECT_MAX));
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        let provider = ring::default_provider();
        let https = HttpsConnectorBuilder::new();
        let https = match self {
            Connector::Https => https
                .with_provider_and_native_roots(provider)?
                .https_only()
                .enable_http1()
                .wrap_connector(tcp),
            Connector::Http => {
                let config = ClientConfig::builder_with_provider(provider.into())
                    .with_safe_default_protocol_versions()?
                    .with_root_certificates(RootCertStore::empty())
                    .with_no_client_auth();
                https
                    .with_tls_config(config)
                    .https_or_http()
                    .enable_http1()
                    .wrap_connector(tcp)
            }
        };
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE_MAX)
            .pool_timer(hyper_util::rt::TokioTimer::new())
            .build(https);
        Ok(client)
    }
}

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        let client = self
            .client()
            .map_err(|source| object_store::Error::Generic {
                store: "S3",
                source,
            })?;
        Ok(HttpClient::new(Service(client)))
    }
}

#[derive(Debug)]
struct Service(Hyper);

impl Service {
    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let answer = timeout(SILENCE_MAX, self.0.request(request)).await;
        let answer = answer.map_err(|_| silent())?.map_err(|error| {
            let kind = match error.is_connect() {
                true => HttpErrorKind::Connect,
                false => HttpErrorKind::Request,
            };
            HttpError::new(kind, error)
        })?;
        let (head, mut body) = answer.into_parts();
        // Whole at once: no object of ours is too large for it, and one that breaks off is asked for again.
        let mut bytes = BytesMut::new();
        while let Some(frame) = timeout(SILENCE_MAX, body.frame())
            .await
            .map_err(|_| silent())?
        {
            let frame = frame.map_err(|error| HttpError::new(HttpErrorKind::Interrupted, error))?;
            if let Ok(data) = frame.into_data() {
                bytes.extend_from_slice(&data);
            }
        }
        Ok(HttpResponse::from_parts(head, Bytes::from(bytes).into()))
    }
}

fn silent() -> HttpError {
    let error = io::Error::new(io::ErrorKind::TimedOut, "the server said nothing");
    HttpError::new(HttpErrorKind::Timeout, error)
}

// As `async_trait` writes it, which is all that would be needed of that crate.
impl HttpService for Service {
    fn call<'a, 'b>(
        &'a self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(self.exchange(request))
    }
}
