//! A provider without a wire, whose questions and replies are told all the same.

use super::context::Context;
use super::{CallError, Piece, Pieces, Provider, Request};
use async_trait::async_trait;
use futures::stream::StreamExt as _;
use serde_json::json;
use std::sync::Arc;

/// Tells whoever listens to the wire what `inner` is asked and says, since nothing goes anywhere.
pub(super) struct Told<P> {
    pub(super) inner: P,
    pub(super) context: Context,
}

#[async_trait]
impl<P: Provider> Provider for Told<P> {
    async fn send(&self, request: Request) -> Result<Pieces, CallError> {
        let wire = self.context.wire(&request.call);
        for message in &request.messages {
            wire.tell(|| format!("> {}", json!(message)));
        }
        let pieces = self.inner.send(request).await.inspect_err(|error| {
            wire.tell(|| format!("< {error}"));
        })?;
        let told = pieces.inspect(move |piece| match piece {
            Ok(Piece::Text(text)) => wire.tell(|| format!("< {}", json!(text))),
            Ok(_) => {}
            Err(error) => wire.tell(|| format!("< {error}")),
        });
        Ok(told.boxed())
    }
}

/// `inner`, told to whoever listens.
pub(super) fn told<P: Provider + 'static>(inner: P, context: &Context) -> Arc<dyn Provider> {
    Arc::new(Told {
        inner,
        context: context.clone(),
    })
}
