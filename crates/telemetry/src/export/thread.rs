//! A thread with a runtime for the collector's connection.

use std::io;
use std::sync::Arc;

use tokio::runtime::{Builder, Handle};
use tokio::sync::Notify;

#[derive(Debug)]
pub(super) struct Thread {
    handle: Handle,
    end: Arc<Notify>,
}

impl Thread {
    pub(super) fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (handle, end) = (runtime.handle().clone(), Arc::new(Notify::new()));
        let ended = Arc::clone(&end);
        std::thread::Builder::new().name("spans".to_owned()).spawn(move || runtime.block_on(ended.notified()))?;
        Ok(Self { handle, end })
    }

    pub(super) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Doesn't wait: whatever it still does ends with it.
    pub(super) fn stop(self) {
        self.end.notify_one();
    }
}
