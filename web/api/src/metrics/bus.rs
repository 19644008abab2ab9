//! Counts what is put on the bus: a wrapper around the port that changes records.
//!
//! Every envelope travels in a batch, so this sees all of them, whoever sends. Changes nothing.

use std::sync::Arc;

use appliance_core::{Applied, Batch, BatchKey, StoreError, Write, ports::Records};
use async_trait::async_trait;

use super::{MessageLabels, Metrics};

/// Records that count their envelopes as `redis_messages_total`.
#[derive(Debug)]
pub struct CountingRecords {
    inner: Arc<dyn Records>,
    metrics: Metrics,
}

impl Metrics {
    /// Wraps `records`; hand the result to everybody who writes.
    #[must_use]
    pub fn counting(&self, records: Arc<dyn Records>) -> Arc<dyn Records> {
        Arc::new(CountingRecords { inner: records, metrics: self.clone() })
    }
}

#[async_trait]
impl Records for CountingRecords {
    async fn apply(&self, batch: Batch) -> Result<Applied, StoreError> {
        let sent: Vec<_> = batch.writes.iter().filter_map(sent).collect();
        let applied = self.inner.apply(batch).await?;
        if !applied.repeated {
            for labels in &sent {
                self.metrics.0.messages.get_or_create(labels).inc();
            }
        }
        Ok(applied)
    }

    async fn first_result(&self, key: &BatchKey) -> Result<Option<Applied>, StoreError> {
        self.inner.first_result(key).await
    }
}

fn sent(write: &Write) -> Option<MessageLabels> {
    let Write::AppendBus { stream, envelope } = write else { return None };
    Some(MessageLabels { channel: stream.to_string(), message_type: envelope.kind.as_str() })
}
