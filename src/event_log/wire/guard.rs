//! Asks for a key before anything of a call's body is read.
//!
//! A service decodes a call's message, or begins to, before its own code runs. Without this guard whoever reaches the
//! port could make the server hold what nobody has paid for. It keeps bodies out and nothing else: what a caller may
//! do is asked by each call for itself.

use std::convert::Infallible;
use std::task::{Context, Poll};

use tonic::Status;
use tonic::body::BoxBody;
use tonic::codegen::{BoxFuture, Service, http};
use tonic::metadata::MetadataMap;
use tonic::server::NamedService;

use super::face::Face;

/// A service for those alone who have a key.
#[derive(Debug, Clone)]
pub(super) struct Guarded<S> {
    face: Face,
    readers: S,
    writers: S,
}

impl<S: Clone> Guarded<S> {
    /// The same service for all who may read.
    pub(super) fn new(face: Face, service: S) -> Self {
        Self { face, readers: service.clone(), writers: service }
    }
}

impl<S> Guarded<S> {
    /// One service for those who may append, and another, which takes less, for those who may only read.
    pub(super) const fn split(face: Face, readers: S, writers: S) -> Self {
        Self { face, readers, writers }
    }
}

impl<S: NamedService> NamedService for Guarded<S> {
    const NAME: &'static str = S::NAME;
}

impl<S> Service<http::Request<BoxBody>> for Guarded<S>
where
    S: Service<http::Request<BoxBody>, Response = http::Response<BoxBody>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send,
{
    type Response = S::Response;
    type Error = Infallible;
    type Future = BoxFuture<S::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // So are the generated services, always.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<BoxBody>) -> Self::Future {
        let Self { face, mut readers, mut writers } = self.clone();
        let headers = MetadataMap::from_headers(request.headers().clone());
        Box::pin(async move {
            if let Err(fault) = face.reader(&headers).await {
                return Ok(Status::from(fault).into_http());
            }
            if face.writer(&headers).await.is_ok() {
                writers.call(request).await
            } else {
                readers.call(request).await
            }
        })
    }
}
